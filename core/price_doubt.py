"""Prices that cannot be trusted: too old, or not what an invoice charges; each with the line that mends it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from core.money import NANOS
from core.rates import MILLION, Rate
from core.usage import CLASS_NAMES, TokenClasses
from core.workload import quoted

OLD_AFTER: Final = timedelta(days=90)
"""Providers change list prices several times a year; a quarter without a look is a guess (usage-formats §8, cause 20)."""
PRICED: Final = frozenset({"wrong_price", "discount"})
_PLAIN: Final = ("input_uncached", "output")
_OUTPUT_SIDE: Final = ("output", "reasoning", "output_audio")
_PARTS: Final = 1_000_000
_DECIMALS: Final = 6


class Doubt(StrEnum):
    """Why a price is not believed. Old list: nobody brought a newer price list. Old price: a negotiated one nobody confirmed."""

    OLD_LIST = "old_list"
    OLD_PRICE = "old_price"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class PriceDoubt:
    """One price, or a provider's list, that finance has to look at.

    Attributes:
      model: of an old list the one with the most spend; empty where an invoice is off by one factor for all of them.
      since: the day since which the price has stood; of an invoice the first day at the other price.
      nanos: spend of the running month that rests on it; of an invoice how much it is off.
      millionths: invoice ÷ books; None where it is about age.
      month: of the invoice, as `2026-10`.
      line: what to paste.
    """

    why: Doubt
    provider: str
    model: str
    since: date
    nanos: int
    line: str
    millionths: int | None = None
    month: str | None = None

    @property
    def key(self) -> str:
        """What makes it the same doubt: a list is one for all its models."""
        return f"{self.why}/{self.provider}" + ("" if self.why is Doubt.OLD_LIST else f"/{self.model}")


@dataclass(frozen=True, slots=True)
class PricedModel:
    """A model in use: what it cost this month in nanos, its rate today, and for a negotiated price its day and classes.

    Attributes:
      confirmed_on: when somebody last entered it; None for a list price.
      agreed: (token class, nanos per million) as entered; what it does not name is the list's.
    """

    provider: str
    model: str
    nanos: int
    rate: Rate
    confirmed_on: date | None
    agreed: tuple[tuple[str, int], ...] = ()


def old_prices(
    used: Iterable[PricedModel], *, list_on: date, today: date, oldest: timedelta = OLD_AFTER
) -> list[PriceDoubt]:
    """Negotiated prices that nobody confirmed for longer than `oldest`, and once a provider the list when it is that old.

    Args:
      list_on: the day from which the newest price of the list holds.
    """
    found: list[PriceDoubt] = []
    listed: dict[str, PricedModel] = {}
    for one in sorted(used, key=lambda known: -known.nanos):
        if one.confirmed_on is None:
            listed.setdefault(one.provider, one)
        elif today - one.confirmed_on > oldest:
            line = _line(one.provider, one.model, [(name, _dollars(price, MILLION)) for name, price in one.agreed])
            found.append(PriceDoubt(Doubt.OLD_PRICE, one.provider, one.model, one.confirmed_on, one.nanos, line))
    if today - list_on > oldest:
        for one in listed.values():
            line = price_line(one.provider, one.model, one.rate)
            found.append(PriceDoubt(Doubt.OLD_LIST, one.provider, one.model, list_on, one.nanos, line))
    return found


def contradicted(result: Mapping[str, Any], rates: Mapping[str, Rate], *, mended: Iterable[str]) -> list[PriceDoubt]:
    """Prices that a comparison's facts say are others, each model once, where they weigh more than the tolerance.

    Args:
      rates: the rate in the books of each model.
      mended: models in lower case whose price was set after the comparison.
    """
    found: dict[str, PriceDoubt] = {}
    known = set(mended)
    for cause in sorted(result["causes"], key=lambda one: -abs(int(one["nanos"]))):
        details = cause["details"]
        model = str(details.get("model", ""))
        if cause["cause"] not in PRICED or model in found or (model.lower() in known if model else known):
            continue
        if abs(int(cause["nanos"])) <= int(result["tolerance"]) or "until_on" in details or "project" in details:
            continue
        since = date.fromisoformat(details["from_on"]) if "from_on" in details else _first_of(result["month"])
        millionths = round(details["ratio"] * _PARTS) if "ratio" in details else None
        line = (
            _mending_line(result["provider"], model, rates.get(model), millionths, details, since)
            if model
            else f"/budget reconcile {result['provider']} {result['month']}"
        )
        found[model] = PriceDoubt(
            Doubt.INVOICE, result["provider"], model, since, int(cause["nanos"]), line, millionths, result["month"]
        )
    return list(found.values())


def price_line(
    provider: str, model: str, rate: Rate, *, millionths: int = _PARTS, only: str | None = None,
    from_on: date | None = None,
) -> str:  # fmt: skip
    """`/budget price gpt-4.1 input=2 output=8 provider=openai`: the rate's plain prices, times a factor.

    A class that costs like input or output is left out, except that reasoning moves with output; `only` is the one class that the
    factor is for. A model with prices for long contexts has no plain one: the line shows it.
    """
    if len(rate.bands) > 1:
        return f"/budget price {quoted(model)} provider={provider}"
    prices = rate.bands[0].prices
    own = {name: price for name, price in zip(CLASS_NAMES, prices, strict=True) if price and name != "web_searches"}
    # A negotiated price leaves every class it does not name at the list price, so reasoning has to be said with output.
    said = {name for name in own if name in _PLAIN or own[name] != _side(name, prices)}
    said |= {"reasoning"} & own.keys() if millionths != _PARTS and only is None else set()
    if only in own:
        # The others as they are: a newer price takes the place of an older one as a whole.
        said |= {only}
    pairs = [
        (name, _dollars(price, rate.per, millionths if only in (None, name) else _PARTS))
        for name, price in own.items()
        if name in said
    ]
    return _line(provider, model, pairs, from_on)


def _side(name: str, prices: TokenClasses) -> int:
    return prices.output if name in _OUTPUT_SIDE else prices.input_uncached


def _line(provider: str, model: str, pairs: Iterable[tuple[str, str]], from_on: date | None = None) -> str:
    typed = [f"{'input' if name == 'input_uncached' else name}={dollars}" for name, dollars in pairs]
    since = [f"from={from_on.isoformat()}"] if from_on else []
    return " ".join(["/budget price", quoted(model), *typed, f"provider={provider}", *since])


def _mending_line(
    provider: str, model: str, rate: Rate | None, millionths: int | None, details: Mapping[str, Any], since: date
) -> str:
    if rate is None or millionths is None:
        return f"/budget price {quoted(model)} input=1.25 output=10 provider={provider} from={since.isoformat()}"
    only = details.get("token_class")
    return price_line(provider, model, rate, millionths=millionths, only=only, from_on=since)


def _dollars(price: int, per: int, millionths: int = _PARTS) -> str:
    """Dollars per million tokens to the sixth decimal, as `/budget price` reads them."""
    exact = Fraction(price * MILLION * millionths, per * NANOS * _PARTS)
    shown = Decimal(round(exact * 10**_DECIMALS)) / 10**_DECIMALS
    return f"{shown:f}".rstrip("0").rstrip(".") if "." in f"{shown:f}" else f"{shown:f}"


def _first_of(month: str) -> date:
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1)
