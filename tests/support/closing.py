"""A month of one provider by hand: calls as they happened, what the books got of them, and the bill for them.

Two models, two projects, thirty days; sizes differ from call to call, so that a share of them is never exact by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from core.closing.events import EventFold
from core.intake.record import ChargeCategory, CostLine
from core.invoice import invoice_of
from core.list_prices import list_rates
from core.period import Cycle
from core.reconciliation import Reconciliation, reconcile
from core.usage import UsageEvent

NOVEMBER = Cycle(2026, 11)
START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CLASSES = ("input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio", "output", "output_audio")


@dataclass(frozen=True)
class Call:
    """One call as the provider served it."""

    at: datetime
    model: str
    project: str
    tokens: dict[str, int]
    tier: str = "standard"
    region: str | None = None
    factor: Decimal = Decimal(1)
    number: int = 0


def calls(provider: str = "anthropic", *, a_day: int = 12, seed: int = 7) -> list[Call]:
    """A month of calls, most of them by day, fewer at weekends."""
    random = Random(seed)
    models = ("claude-sonnet-4-5", "claude-haiku-4-5") if provider == "anthropic" else ("gpt-5.1", "gpt-4.1")
    found = []
    for day in range(30):
        for _ in range(a_day // 2 if (START + day * DAY).weekday() > 4 else a_day):
            cached = random.randrange(2_000, 20_000)
            tokens = {
                "input_uncached": random.randrange(1_000, 15_000), "cache_read": cached,
                "cache_write": random.randrange(500, 4_000) if provider == "anthropic" else 0,
                "output": random.randrange(200, 3_000),
            }  # fmt: skip
            at = START + day * DAY + timedelta(seconds=random.randrange(86_400))
            project = random.choice(("search", "support", "support"))
            found.append(Call(at, random.choice(models), project, tokens, number=len(found)))
    return found


def event(call: Call, **changes: object) -> UsageEvent:
    """The call as a usage event that tells everything; `changes` are what the books got otherwise."""
    told = call.tokens.get
    read, write, hour, audio = (
        told(name, 0) for name in ("cache_read", "cache_write", "cache_write_1h", "input_audio")
    )
    plain: dict[str, object] = {
        "id": f"c-{call.number}", "at": call.at, "provider": "anthropic" if "claude" in call.model else "openai",
        "model": call.model, "input_tokens": told("input_uncached", 0) + read + write + hour + audio,
        "cache_read_tokens": read, "cache_write_tokens": write + hour, "cache_write_1h_tokens": hour,
        "input_audio_tokens": audio, "output_tokens": told("output", 0) + told("output_audio", 0),
        "output_audio_tokens": told("output_audio", 0), "tags": {"project": call.project}, "tier": call.tier,
        "response_id": f"r-{call.number}", "web_searches": told("web_searches", 0),
    }  # fmt: skip
    return UsageEvent(**{**plain, **changes})  # type: ignore[arg-type]


def line(**told: object) -> CostLine:
    """A line of the bill that is no usage."""
    plain: dict[str, object] = {
        "provider": "anthropic", "model": None, "token_class": None, "starts_at": START, "ends_at": START + 30 * DAY,
        "billed_nanos": 0, "effective_nanos": 0,
    }  # fmt: skip
    return CostLine(**{**plain, **told})  # type: ignore[arg-type]


def bill(served: Iterable[Call], *, with_quantity: bool = True) -> list[CostLine]:
    """A line for each day, model, class, tier and project, at list price to the nano."""
    sums: dict[tuple[object, ...], list[Decimal]] = {}
    for call in served:
        day = call.at.replace(hour=0, minute=0, second=0, microsecond=0)
        if not START <= day < START + 30 * DAY:
            continue
        provider = "anthropic" if "claude" in call.model else "openai"
        band = list_rates(provider, call.model, call.tier, day.date())[0][1].bands[0]
        for name, tokens in call.tokens.items():
            price = Decimal(10_000_000) if name == "web_searches" else Decimal(getattr(band.prices, name)) / 1_000_000
            key = (day, provider, call.model, name, call.tier, call.project, call.region)
            found = sums.setdefault(key, [Decimal(0), Decimal(0)])
            found[0] += tokens
            found[1] += tokens * price * call.factor
    return [
        CostLine(
            provider=provider, model=None if name == "web_searches" else model, token_class=name, tier=tier,
            starts_at=day, ends_at=day + DAY,
            quantity=tokens if with_quantity else None, unit="tokens" if with_quantity else None, billed_nanos=round(nanos),
            effective_nanos=round(nanos), project=project, region=region,
        )
        for (day, provider, model, name, tier, project, region), (tokens, nanos) in sums.items()
        if tokens
    ]  # fmt: skip


def reconciled(events: Iterable[UsageEvent], lines: Iterable[CostLine], provider: str = "anthropic") -> Reconciliation:
    fold = EventFold(provider, NOVEMBER)
    for one in events:
        fold.add(one)
    result = reconcile(fold.done(), invoice_of(lines, provider=provider, month=NOVEMBER))
    assert sum(cause.nanos for cause in result.causes) + result.unexplained_nanos == result.gap_nanos
    return result


def changed(
    served: Iterable[Call], change: Callable[[Call], dict[str, int]], *, of: Callable[[Call], bool] = lambda _: True
) -> list[Call]:
    """The calls with other tokens where `of` says so."""
    return [replace(call, tokens={**call.tokens, **change(call)}) if of(call) else call for call in served]


def discounted(
    lines: Iterable[CostLine], ratio: str, *, of: Callable[[CostLine], bool] = lambda _: True
) -> list[CostLine]:
    """The lines at `ratio` times their amount where `of` says so."""
    import msgspec

    return [
        msgspec.structs.replace(one, billed_nanos=round(one.billed_nanos * Decimal(ratio))) if of(one) else one
        for one in lines
    ]


CREDIT, TAX, ADJUSTMENT = ChargeCategory.CREDIT, ChargeCategory.TAX, ChargeCategory.ADJUSTMENT
