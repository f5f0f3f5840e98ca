"""Causes on the provider's side: what was recorded is right, but the bill is not its list price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Final

from benchmarks.closing.month import CannotPlant, Line, Month, scaled
from benchmarks.closing.prices import NANOS, Tokens
from benchmarks.closing.traffic import DAY, HOUR, calls_of

CENT: Final = NANOS // 100
_TOKENS: Final = ("text", "read", "write", "write_1h", "audio", "out", "audio_out")


def _reprice(month: Month, lines: Iterable[Line], ratio: tuple[int, int], mark: Callable[[Line], None]) -> None:
    for line in lines:
        line.nanos = line.list_nanos = scaled(line.nanos, *ratio)
        mark(line)


def _from_day(month: Month, lines: list[Line], aim: float, ratio: tuple[int, int]) -> list[Line]:
    start = month.first_day(((line.day, scaled(line.nanos, *ratio) - line.nanos) for line in lines), aim)
    return [line for line in lines if line.day >= start]


def _token_lines(month: Month, index: int) -> list[Line]:
    return [line for line in month.lines_of(index) if line.kind in _TOKENS]


def batch_discount(month: Month, aim: float) -> None:
    """A service moved to batch processing, at half price; its records do not say so."""
    index = month.pick(lambda _, service: service.shape.audio == 0)
    lines = _from_day(month, _token_lines(month, index), aim, (1, 2))
    _reprice(month, lines, (1, 2), lambda line: setattr(line, "tier", "batch"))


def service_tier(month: Month, aim: float) -> None:
    """Another tier answered than was recorded: flex at half the price, or priority at twice."""
    tier, ratio = month.rng.choice((("flex", (1, 2)), ("priority", (2, 1)), ("priority", (2, 1))))
    index = month.pick(lambda _, service: service.shape.audio == 0)
    lines = _from_day(month, _token_lines(month, index), aim, ratio)
    _reprice(month, lines, ratio, lambda line: setattr(line, "tier", tier))


def fast_mode(month: Month, aim: float) -> None:
    """Fast mode at twice the price."""
    index = month.pick(lambda _, service: service.model == "claude-opus-5-5")
    lines = _from_day(month, _token_lines(month, index), aim, (2, 1))
    _reprice(month, lines, (2, 1), lambda line: setattr(line, "is_fast", True))


def residency(month: Month, aim: float) -> None:
    """Work kept in one region costs a tenth more; the bill names the region, or in some formats only the price shows it."""
    index = month.pick()
    region = month.rng.choice(("us",) if month.provider == "anthropic" else ("eu", "us"))
    told = month.provider == "anthropic" or month.rng.random() < 0.6
    _reprice(month, _token_lines(month, index), (11, 10), lambda line: setattr(line, "region", region if told else ""))


def wrong_price(month: Month, aim: float) -> None:
    """A model's price is another than the list's, from a day in the month on or from its start."""
    ratio = month.rng.choice(
        ((6, 10), (7, 10), (75, 100), (8, 10), (85, 100), (12, 10), (125, 100), (135, 100), (3, 2))
    )
    model = month.services[month.pick()].model
    lines = [line for line in month.lines if line.model == model and line.kind in _TOKENS]
    if month.rng.random() < 0.7:
        lines = _from_day(month, lines, aim, ratio)
    _reprice(month, lines, ratio, lambda line: None)


def tool_lines(month: Month, aim: float) -> None:
    """Tool calls with a fee that no record counts: code execution, file search, containers."""
    index = month.pick()
    service = month.services[index]
    words = (
        ("Code execution", "Web search")
        if month.provider == "anthropic"
        else ("Code interpreter", "File search", "Web search")
    )
    chosen = month.rng.choice(words)
    each = {"Web search": NANOS // 100, "File search": NANOS // 400}.get(chosen, NANOS * 3 // 100)
    per_day = max(1, round(aim * month.clean_nanos / each / month.days))
    for day in range(month.starts // DAY, month.ends // DAY):
        count = max(1, round(per_day * month.rng.uniform(0.7, 1.3)))
        month.lines.append(
            Line(day, index, service.model, "search" if chosen == "Web search" else "tool", service.project, service.key,
                 count, count * each, count * each, words=chosen)
        )  # fmt: skip


def untracked_key(month: Month, aim: float) -> None:
    """Somebody's own project or key is on the bill, and no record has ever named it."""
    base = month.rng.choice(month.services[1:])
    project = f"{base.project.split('_')[0]}_{month.rng.choice(('playground', 'interns', 'evals'))}"
    same = month.shows_keys and month.rng.random() < 0.5
    hidden = replace(base, name="hidden", project=base.project if same else project, key="key_unknown")
    from_day = month.starts // DAY + month.rng.choice((0, 0, 5, 11, 16))
    sums: dict[int, Tokens] = {}
    for at, _, tokens in calls_of([hidden], month.first, Random(month.rng.random())):
        if from_day <= at // DAY < month.ends // DAY:
            sums[at // DAY] = Tokens(*map(int.__add__, sums.get(at // DAY, Tokens()), tokens))
    index = len(month.services)
    month.services.append(hidden)
    month.touched.add(index)
    whole = sum(line.nanos for day, tokens in sums.items() for line in month.lines_for(day, index, tokens))
    if whole * 500 < month.clean_nanos:
        raise CannotPlant
    per_mille = min(3000, max(50, round(1000 * aim * month.clean_nanos / whole)))
    for day, tokens in sums.items():
        month.lines += month.lines_for(day, index, Tokens(*(count * per_mille // 1000 for count in tokens)))


def discount(month: Month, aim: float) -> None:
    """The contract's discount: every line below list price, or one line at the end where the format has such lines."""
    percent = max(1, min(30, round(aim * 100)))
    if month.form in ("csv", "focus-1.2", "focus-1.4") and month.rng.random() < 0.3:
        whole = sum(line.nanos for line in month.lines if line.category == "Usage")
        month.lines.append(_charge(month, "Adjustment", f"Contract discount {percent}%", -scaled(whole, percent, 100)))
        return
    for line in month.lines:
        line.nanos = scaled(line.nanos, 100 - percent, 100)


def credit(month: Month, aim: float) -> None:
    """A credit: a line of its own, or the month's first days free of charge."""
    if month.form in ("csv", "focus-1.2", "focus-1.4") and month.rng.random() < 0.7:
        nanos = max(CENT, round(aim * month.clean_nanos / NANOS) * NANOS)
        words = month.rng.choice(("Promotional credit", "Credit grant applied", "Goodwill credit"))
        month.lines.append(_charge(month, "Credit", words, -nanos))
        return
    left = int(aim * month.clean_nanos)
    for line in sorted(month.lines, key=lambda line: line.day):
        if left <= 0:
            break
        if line.category == "Usage":
            left -= line.nanos
            line.nanos = 0


def tax(month: Month, aim: float) -> None:
    """Tax on the whole."""
    percent = month.rng.choice((5, 7, 8, 10, 19, 20, 25))
    words = month.rng.choice((f"VAT {percent}%", f"Sales tax {percent}%", "Tax"))
    month.lines.append(_charge(month, "Tax", words, scaled(month.invoice_nanos, percent, 100)))


def rounding(month: Month, aim: float) -> None:
    """Every line is rounded up to whole cents."""
    for line in month.lines:
        if line.category == "Usage":
            line.nanos = -(-line.nanos // CENT) * CENT


def pulled_early(month: Month, aim: float) -> None:
    """The cost report was read while its last one or two days were still growing."""
    last = month.ends // DAY - 1
    cuts = {last: month.rng.randint(20, 70), last - 1: 100 if aim < 0.02 else month.rng.randint(50, 90)}
    for line in month.lines:
        if (percent := cuts.get(line.day, 100)) < 100 and line.category == "Usage":
            line.quantity = (line.quantity or 0) * percent // 100
            line.nanos = line.list_nanos = scaled(line.nanos, percent, 100)


def corrected_before(month: Month, aim: float) -> None:
    """The invoice carries corrections of the month before."""
    day = month.starts // DAY - month.rng.randint(1, 12)
    sign = month.rng.choice((1, -1))
    share = min(500, max(2, round(aim * 1000)))
    by_kind: dict[tuple[int, str], list[Line]] = {}
    for line in month.lines:
        if line.category == "Usage" and line.service is not None:
            by_kind.setdefault((line.service, line.kind), []).append(line)
    for lines in by_kind.values():
        nanos = sign * scaled(sum(line.nanos for line in lines), share, 1000)
        count = sign * sum(line.quantity or 0 for line in lines) * share // 1000
        month.lines.append(
            replace(lines[0], day=day, nanos=nanos, list_nanos=nanos, quantity=count, is_correction=True)
        )


def local_bill(month: Month, aim: float) -> None:
    """The provider's month and days are cut in another time zone than UTC."""
    month.bill(shift=month.rng.choice((-8, -7, -5, 8, 9)) * HOUR)


def _charge(month: Month, category: str, words: str, nanos: int) -> Line:
    return Line(month.starts // DAY, None, "", "", None, None, None, nanos, nanos, category=category, words=words)
