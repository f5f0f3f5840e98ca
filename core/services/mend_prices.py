"""A price that an invoice shows: what it would change, set it from its day on, and on request reprice what is booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from core.envelope import State, state_of
from core.errors import OutOfRange
from core.people import Actor
from core.period import Cycle
from core.rates import MILLION, NegotiatedPrice
from core.services.manage_prices import set_price
from core.services.price_usage import PriceBook
from core.services.reprice_usage import Repriced, reprice_usage
from core.store.unit_of_work import UnitOfWork
from core.usage import CLASS_NAMES

_PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceMend:
    """Models of a provider that cost `millionths` / 1 000 000 of what the books took, from a UTC day on."""

    provider: str
    models: tuple[str, ...]
    millionths: int
    from_on: date

    def __post_init__(self) -> None:
        if not self.models or not 10_000 <= self.millionths <= 100 * _PARTS or self.millionths == _PARTS:
            raise OutOfRange("A price is mended to between a hundredth and a hundred times of what it was.")


@dataclass(frozen=True, slots=True)
class Effect:
    """One workload's running month at the price in the books and at the mended one, in nanos; states without an envelope None."""

    workload: str
    spent_nanos: int
    would_nanos: int
    size_nanos: int | None
    state: State | None
    would_be: State | None

    @property
    def breaches(self) -> bool:
        """Whether it passes a threshold only at the mended price."""
        return self.would_be is not None and self.would_be != self.state and self.would_nanos > self.spent_nanos


@dataclass(frozen=True, slots=True)
class MendPreview:
    """The new prices, what they do to the running month, and models that cannot be mended by one factor."""

    prices: tuple[NegotiatedPrice, ...]
    effects: tuple[Effect, ...]
    left_out: tuple[str, ...]


async def preview_mend(uow: UnitOfWork, mend: PriceMend, *, by: Actor, now: datetime) -> MendPreview:
    """What setting it would do. Changes nothing. Raises NotAllowed for anybody but finance."""
    by.require_finance("set prices")
    cycle = Cycle.of(now, uow.zone)
    first = max(cycle.first_on, mend.from_on)
    async with uow.read() as tx:
        book = PriceBook(await tx.prices.negotiated())
        prices, left_out = _prices(book, mend, by)
        mended = {price.model for price in prices}
        spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
        touched = await tx.spend.by_workload_of(mend.provider, sorted(mended), first, cycle.last_on) if mended else {}
        names = {known.id: known.name for known in await tx.workloads.all()}
        envelopes = await tx.envelopes.all()
    effects = []
    for number, nanos in touched.items():
        was = spent[number].cost_nanos
        would = was + nanos * mend.millionths // _PARTS - nanos
        envelope = envelopes.get(number)
        size = envelope.size(cycle) if envelope else None
        states: tuple[State | None, State | None] = (None, None)
        if envelope and size:
            states = state_of(was, size, envelope.terms), state_of(would, size, envelope.terms)
        effects.append(Effect(names[number], was, would, size, *states))
    return MendPreview(
        prices, tuple(sorted(effects, key=lambda one: -abs(one.would_nanos - one.spent_nanos))), left_out
    )


async def mend_prices(
    uow: UnitOfWork, mend: PriceMend, *, reprice: bool, by: Actor, now: datetime
) -> tuple[MendPreview, Repriced | None]:
    """Set the prices for usage recorded from now on; with `reprice` also give past usage since their day the new price.

    Raises NotAllowed, OutOfRange where nothing can be mended by one factor, TooLarge.
    """
    preview = await preview_mend(uow, mend, by=by, now=now)
    if not preview.prices:
        raise OutOfRange(
            "None of these models has one plain price. Set it with `/budget price MODEL input=… output=…`."
        )
    for price in preview.prices:
        await set_price(uow, price, by=by, now=now)
    if not reprice:
        return preview, None
    models = [price.model for price in preview.prices]
    return preview, await reprice_usage(uow, mend.provider, models, since=mend.from_on, by=by, now=now)


def _prices(book: PriceBook, mend: PriceMend, by: Actor) -> tuple[tuple[NegotiatedPrice, ...], tuple[str, ...]]:
    """Each model's prices times the factor. A model with long-context prices has no single one, so it is left out."""
    prices, left_out = [], []
    for model in mend.models:
        rate = book.current(mend.provider, model, "standard", mend.from_on)
        if rate is None or len(rate.bands) > 1:
            left_out.append(model)
            continue
        pairs = zip(CLASS_NAMES, rate.bands[0].prices, strict=True)
        scaled = tuple(sorted(_scaled(pairs, rate.per, mend.millionths)))
        prices.append(NegotiatedPrice(mend.provider, model.lower(), "standard", mend.from_on, scaled, by.id))
    return tuple(prices), tuple(left_out)


def _scaled(pairs: Iterable[tuple[str, int]], per: int, millionths: int) -> Iterable[tuple[str, int]]:
    return ((name, price * MILLION * millionths // (per * _PARTS)) for name, price in pairs if price)
