"""`/budget status <workload>`: one workload, with its burn-up chart and everything the chart says in words too."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.charts import alt_burn_up
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, escape, name, person, when
from bot.slack.views.standing import standing_words
from bot.slack.views.wording import (
    STRAIGHT_LINE,
    freshness_line,
    people_line,
    plural,
    state_text,
    terms_figures,
    unpriced_line,
)
from core.dry_run import dry_run_words
from core.envelope import State
from core.money import apart, usd
from core.standing import Detail, Slice
from core.workload import UNATTRIBUTED

MODELS = 5

_CLASSES = {
    "input_uncached": "input",
    "cache_read": "cache read",
    "cache_write": "cache write (5 min)",
    "cache_write_1h": "cache write (1 h)",
    "input_audio": "audio in",
    "output": "output",
    "reasoning": "reasoning",
    "output_audio": "audio out",
    "web_searches": "web searches",
}


def detail_message(detail: Detail, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """`chart_file` is the Slack file of the burn-up chart; without it the words stand alone and lose nothing."""
    line = detail.line
    finding = _finding(detail)
    label = "Change the envelope" if detail.envelope else "Set an envelope"
    return blocks.message(
        f"*{name(line.workload)}*, {detail.cycle.title}: {finding}",
        blocks.header(f"{line.workload} · {detail.cycle.title}"),
        blocks.section("\n".join(filter(None, [finding, _decided(detail, reader), *_warnings(detail)]))),
        blocks.picture(chart_file, alt_burn_up(detail)),
        blocks.fields(_figures(detail)),
        _drivers(detail),
        blocks.context(*_small_print(detail, reader)),
        blocks.actions(
            blocks.button(label, ids.OPEN_SET, line.workload),
            blocks.button("Forecast", ids.SHOW_FORECAST, line.workload),
            blocks.button("All workloads", ids.SHOW_STATUS, ""),
        ),
    )


def _decided(detail: Detail, reader: ZoneInfo) -> str | None:
    """What was decided about it this month, and until when."""
    stance = detail.line.stance
    lines = []
    if stance.is_stopped or stance.is_degraded or stance.is_lifted:
        lines.append(standing_words(detail.line.workload, stance, has_ladder=_has_ladder(detail)))
    if detail.dry_run and detail.envelope:
        ladder = str(replace(detail.dry_run.ladder, is_dry_run=False))
        lines.append(f"Since {when(detail.dry_run.since, reader)} {escape(dry_run_words(detail.dry_run))}")
        lines.append(f"Put it in force: {code(f'/budget set {detail.line.workload} degrade={ladder}')}")
    if stance.granted_until:
        lines.append(f"Part of it is granted until {when(stance.granted_until, reader)}.")
    return "\n".join(lines) or None


def _has_ladder(detail: Detail) -> bool:
    ladder = detail.envelope.terms.degrade if detail.envelope else None
    return ladder is not None and ladder.has_steps


def _state(detail: Detail) -> str:
    """A ladder that only reports degrades nothing, so it is not called that."""
    stance = detail.line.stance
    if detail.line.state is State.DEGRADED and stance.is_dry_run and stance.is_degraded and _has_ladder(detail):
        return "◐ past hard, dry run"
    return state_text(detail.line.state)


def _finding(detail: Detail) -> str:
    line = detail.line
    into = f"{share(detail.share_elapsed)} into the month"
    if line.size_nanos is None:
        return f"*{usd(line.spent_nanos)}* spent, {into}. It has no envelope yet."
    used = f" ({share(line.share_used)})" if line.share_used is not None else ""
    spent = f"*{usd(line.spent_nanos)}* of *{usd(line.size_nanos)}* spent{used}, {into}."
    state = f"State: *{_state(detail)}*."
    if line.run_rate_nanos is None:
        return f"{spent} {state}"
    gap = line.run_rate_nanos - line.size_nanos
    beside = (
        f"{apart(line.run_rate_nanos, line.size_nanos)} {'over' if gap > 0 else 'under'} the envelope"
        if gap
        else "exactly at the envelope"
    )
    return f"{spent} {state} On a straight line the month ends at *{usd(line.run_rate_nanos)}*, {beside}."


def _warnings(detail: Detail) -> list[str]:
    line = detail.line
    found = []
    if line.pending_nanos is not None:
        sponsor = f" with {person(detail.envelope.terms.people.sponsor)}" if detail.envelope else ""
        found.append(
            f"A change to {usd(line.pending_nanos)} waits{sponsor}; until then {usd(line.size_nanos or 0)} holds."
        )
    if missing := unpriced_line(detail.freshness):
        found.append(missing)
    if line.workload == UNATTRIBUTED:
        found.append(
            "No rule matched this spend. What it is made of, and which rules would take it: `/budget unattributed`"
        )
    return found


def _figures(detail: Detail) -> list[tuple[str, str]]:
    line, cycle = detail.line, detail.cycle
    figures = []
    if line.size_nanos is not None:
        left = line.size_nanos - line.spent_nanos
        figures.append(("Left", usd(left) if left >= 0 else f"nothing; {usd(-left)} over"))
    if line.run_rate_nanos is not None:
        figures.append(("Run-rate", f"{usd(line.run_rate_nanos)} by {cycle.last_on.day} {cycle.last_on:%b}"))
    priced = line.requests - line.unpriced_requests
    each = f", {usd(line.spent_nanos // priced)} each" if priced > 0 and line.spent_nanos else ""
    figures.append(("Requests", f"{priced:,}{each}"))
    if line.unpriced_requests:
        figures.append(("Without a price", f"{plural(line.unpriced_requests, 'request')} more"))
    figures.append(
        (f"{cycle.previous.title}", f"{usd(detail.previous_nanos)}, {usd(detail.previous_to_date_nanos)} by this day")
    )
    if detail.envelope:
        figures += terms_figures(detail.envelope.terms, line.size_nanos or 0)
    return figures


def _drivers(detail: Detail) -> Block | None:
    """Where the money and the tokens went, most first."""
    lines = []
    if detail.by_model:
        total = sum(part.spent_nanos for part in detail.by_model)
        shown = [
            f"{name(part.label or 'no model', 60)} {_cost(part, total, detail.freshness.unpriced_models)}"
            for part in detail.by_model[:MODELS]
        ]
        more = f" · {plural(len(detail.by_model) - MODELS, 'more model')}" if len(detail.by_model) > MODELS else ""
        lines.append(f"*Models* {' · '.join(shown)}{more}")
    tokens = [f"{_CLASSES.get(kind, name(kind))} {compact(count)}" for kind, count in detail.classes if count]
    if tokens:
        lines.append(f"*Tokens* {' · '.join(tokens)}")
    return blocks.section("\n".join(lines)) if lines else None


def _cost(part: Slice, total: int, unpriced: tuple[str, ...]) -> str:
    """Dollars and share of a model; an unknown model costs something nobody knows yet, not nothing."""
    if not part.spent_nanos and part.label in unpriced:
        return "(no price)"
    return usd(part.spent_nanos) + (f" ({share(part.spent_nanos / total)})" if total else "")


def compact(count: int) -> str:
    """A count with at most three digits and a unit: `950`, `1.2 k`, `34 M`, `5.6 B`."""
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            scaled = count / size
            return f"{scaled:,.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return str(count)


def _small_print(detail: Detail, reader: ZoneInfo) -> list[str]:
    if detail.envelope:
        who = people_line(detail.envelope.terms)
    else:
        line = code(f"/budget set {detail.line.workload} 4000 sponsor=@name")
        way = f" · set an envelope with {line}" if detail.line.workload != UNATTRIBUTED else ""
        who = f"Owner {person(detail.line.owner)}{way}"
    return [who, freshness_line(detail.freshness, reader), STRAIGHT_LINE]
