"""A price or an alias that an invoice shows: what it would change, set it from its day on, and on request reprice what is booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from core.attribution import Labels
from core.closing.catalogue import one_name
from core.envelope import State, state_of
from core.errors import OutOfRange
from core.people import Actor
from core.period import Cycle
from core.rates import MILLION, NegotiatedPrice
from core.services.manage_prices import set_price
from core.services.price_usage import PriceBook
from core.services.reprice_usage import Repriced, reprice_usage
from core.store.unit_of_work import UnitOfWork
from core.usage import CLASS_NAMES, TokenClasses

_PARTS = 1_000_000
_STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class PriceMend:
    """Models of a provider that cost `millionths` / 1 000 000 of what the books took, from a UTC day on.

    Attributes:
      token_class: the only class whose price changes; None for all of them.
      tier: the service tier whose price it is.
    """

    provider: str
    models: tuple[str, ...]
    millionths: int
    from_on: date
    token_class: str | None = None
    tier: str = "standard"

    def __post_init__(self) -> None:
        if not self.models or not 10_000 <= self.millionths <= 100 * _PARTS or self.millionths == _PARTS:
            raise OutOfRange("A price is mended to between a hundredth and a hundred times of what it was.")
        if self.token_class is not None and self.token_class not in CLASS_NAMES:
            raise OutOfRange(f"“{self.token_class[:40]}” is not a token class with a price of its own.")


@dataclass(frozen=True, slots=True)
class AliasMend:
    """A model name that stands for another one of the provider, whose price holds for it from a UTC day on."""

    provider: str
    model: str
    means: str
    from_on: date

    def __post_init__(self) -> None:
        if self.model.lower() == self.means.lower():
            raise OutOfRange(f"{self.model[:80]} stands for itself already.")

    @property
    def models(self) -> tuple[str, ...]:
        return (self.model,)


Mend: TypeAlias = PriceMend | AliasMend


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


async def preview_mend(uow: UnitOfWork, mend: Mend, *, by: Actor, now: datetime) -> MendPreview:
    """What setting it would do. Changes nothing. Raises NotAllowed for anybody but finance."""
    by.require_finance("set prices")
    cycle = Cycle.of(now, uow.zone)
    first = max(cycle.first_on, mend.from_on)
    async with uow.read() as tx:
        known = await tx.prices.negotiated()
        book = PriceBook(known)
        orders, left_out = _orders(book, mend, names_in_books((await tx.series.all()).values(), mend), by)
        mended = sorted({order.model for order in orders})
        spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
        used = await tx.spend.tokens_of(mend.provider, mended, first, cycle.last_on) if mended else []
        names = {workload.id: workload.name for workload in await tx.workloads.all()}
        envelopes = await tx.envelopes.all()
    then = PriceBook(sorted((*known, *orders), key=lambda price: price.from_on))
    changes: dict[int, int] = {}
    for number, model, tier, requests, tokens in used:
        costs = [_cost(one, mend.provider, (model, tier), now.date(), (requests, tokens)) for one in (book, then)]
        changes[number] = changes.get(number, 0) + costs[1] - costs[0]
    effects = []
    for number, change in changes.items():
        was = spent[number].cost_nanos
        would = was + change
        envelope = envelopes.get(number)
        size = envelope.size(cycle) if envelope else None
        states: tuple[State | None, State | None] = (None, None)
        if envelope and size:
            states = state_of(was, size, envelope.terms), state_of(would, size, envelope.terms)
        effects.append(Effect(names[number], was, would, size, *states))
    return MendPreview(
        orders, tuple(sorted(effects, key=lambda one: -abs(one.would_nanos - one.spent_nanos))), left_out
    )


def _cost(book: PriceBook, provider: str, kind: tuple[str, str], on: date, used: tuple[int, TokenClasses]) -> int:
    """Nanos of sums of a (model, tier), below any long-context threshold; 0 without a price."""
    rate = book.current(provider, *kind, on)
    requests, tokens = used
    # As an aggregate even for one call: sums do not tell which calls were long.
    return rate.cost(tokens, max(requests, 2)) if rate else 0


async def mend_prices(
    uow: UnitOfWork, mend: Mend, *, reprice: bool, by: Actor, now: datetime
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


def names_in_books(known: Iterable[Labels], mend: Mend) -> list[str]:
    """The mended models as a comparison calls them, and however else the usage of their provider spells them."""
    wanted = {one_name(mend.provider, model): model.lower() for model in mend.models}
    spelt = {
        labels.model.lower() for labels in known
        if labels.provider == mend.provider and one_name(mend.provider, labels.model) in wanted
    }  # fmt: skip
    return sorted(spelt | set(wanted.values()))


def _orders(
    book: PriceBook, mend: Mend, models: Sequence[str], by: Actor
) -> tuple[tuple[NegotiatedPrice, ...], tuple[str, ...]]:
    """What is to be set, and models that have no single price to be multiplied: those with long-context prices."""
    if isinstance(mend, AliasMend):
        means = mend.means.lower()
        fresh = [
            NegotiatedPrice(mend.provider, name, _STANDARD, mend.from_on, (), by.id, means)
            for name in models
            if name != means
        ]
        return tuple(fresh), ()
    orders, left_out = [], []
    for model in models:
        rate = book.current(mend.provider, model, mend.tier, mend.from_on)
        if rate is None or len(rate.bands) > 1:
            left_out.append(model)
            continue
        pairs = zip(CLASS_NAMES, rate.bands[0].prices, strict=True)
        # All classes are named: a newer statement about a model takes the place of an older one as a whole.
        scaled = tuple(sorted(_scaled(pairs, rate.per, mend)))
        orders.append(NegotiatedPrice(mend.provider, model, mend.tier, mend.from_on, scaled, by.id))
    return tuple(orders), tuple(left_out)


def _scaled(pairs: Iterable[tuple[str, int]], per: int, mend: PriceMend) -> Iterable[tuple[str, int]]:
    for name, price in pairs:
        factor = mend.millionths if mend.token_class in (None, name) else _PARTS
        if price:
            yield name, price * MILLION * factor // (per * _PARTS)
