"""FOCUS 1.2 to 1.4 bills as CSV, row by row: cost lines of language models and of everything else on the bill.

FOCUS has no columns for tokens yet (usage-formats §5.1); model and token class are read from `SkuPriceDetails`, whose keys
may carry the `x_` prefix, or else from the meter's words. The four costs are in the billing currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.errors import Unreadable
from core.intake import labels
from core.intake.provider_names import provider_name
from core.intake.record import ChargeCategory, CostLine, Taken
from core.intake.tables import Cells, header_of
from core.intake.values import moment, money_nanos, number, text

REQUIRED: Final = ("BilledCost", "ChargePeriodStart", "ChargePeriodEnd")
COLUMNS: Final = frozenset((
    *REQUIRED, "EffectiveCost", "ListCost", "BillingCurrency", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "SubAccountId", "ServiceProviderName", "ProviderName", "PublisherName", "InvoiceIssuerName",
    "InvoiceId", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "PricingQuantity", "PricingUnit",
    "ConsumedQuantity", "ConsumedUnit", "ResourceName", "ResourceId", "RegionId", "Tags", "x_ConsumedTokens", "x_ServiceTier",
))  # fmt: skip

_PROVIDERS: Final = (
    ("openai", "openai"), ("anthropic", "anthropic"), ("amazon", "aws"), ("aws", "aws"), ("microsoft", "azure"),
    ("azure", "azure"), ("google", "google"), ("mistral", "mistral"), ("cohere", "cohere"), ("openrouter", "openrouter"),
)  # fmt: skip
_AMOUNTS: Final = (
    *REQUIRED, "EffectiveCost", "ListCost", "x_ConsumedTokens", "ConsumedQuantity", "PricingQuantity",
)  # fmt: skip
"""What differs from row to row; everything else labels the charge."""
_NULLS: Final = frozenset({"NULL", "null", "\\N", "None", "nan", "NaN", "N/A", "<null>"})
"""What databases write into a CSV for a null; FOCUS's own files leave the cell empty."""
_NAMES: Final = {name.lower().replace("_", ""): name for name in COLUMNS}
"""Warehouses change the case of names: `billedcost`, `BILLED_COST`."""
_MOST_CHARGES: Final = 20_000
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = re.compile(
    r"(?P<size>1\s*k|1\s*m|k|m|1,?000|1,?000,?000|million|thousand)?\s*-?\s*(?P<name>tok(en)?s?)"
)
_SIZES: Final = {"1k": 1_000, "k": 1_000, "1000": 1_000, "thousand": 1_000, "1m": 1_000_000, "m": 1_000_000,
                 "1000000": 1_000_000, "million": 1_000_000}  # fmt: skip
_TIERS: Final = ("batch", "flex", "priority")
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_REQUEST_ROWS: Final = "the quantity counts requests, not tokens"
_UNKNOWN_CATEGORY: Final = "the charge category is none of FOCUS's; taken as usage"


class _Sku(NamedTuple):
    model: str | None
    token_class: str | None
    tier: str


def is_focus(first_line: str) -> bool:
    """Whether a CSV's header is FOCUS's."""
    names = set(_columns(header_of(first_line)[0]))
    return names.issuperset(REQUIRED) and "ChargeCategory" in names


def rows(lines: Iterable[str]) -> Iterator[tuple[int, CostLine | str]]:
    """(line number, cost line or why there is none), one at a time. Raises Unreadable where columns are missing."""
    source = iter(lines)
    first = next(source, "")
    header = _columns(header_of(first)[0])
    if lacking := [name for name in REQUIRED if name not in header]:
        raise Unreadable(f"This is no FOCUS file: it has no column {', '.join(lacking)}.")
    cells = Cells(chain([first], source))
    reader = _Reader(cells.header)
    for line, row in cells:
        yield line, row if isinstance(row, str) else reader.cost_line(row)


def read(lines: Iterable[str]) -> Taken:
    """A whole file at once; for large ones use `rows`."""
    taken = Taken()
    for line, found in rows(lines):
        if isinstance(found, str):
            taken.refused.append((line, found))
        else:
            taken.costs.append(found)
    return taken


def cost_line(row: Mapping[str, str]) -> CostLine | str:
    """The cost in one row of cells, or why there is none. Absent and empty cells are null."""
    return _Reader(list(row)).cost_line(list(row.values()))


def _columns(header: Iterable[str]) -> list[str]:
    """The header in FOCUS's own spelling; what is no FOCUS column stays as it is."""
    return [_NAMES.get(name.lower().replace("_", ""), name) for name in header]


class _Charge(NamedTuple):
    """What the labels of a row say: the line without its times and amounts, and what one of its units is.

    Attributes:
      consumed, priced: (how many one of it is, its name) of the two units.
    """

    line: CostLine
    consumed: tuple[int, str | None]
    priced: tuple[int, str | None]


class _Reader:
    """Rows of one file. Most rows of a large bill differ in times and amounts only, so that what their labels say is kept."""

    def __init__(self, header: list[str]) -> None:
        place = {name: number for number, name in enumerate(_columns(header)) if name in COLUMNS}
        # Absent columns read an empty cell that is put behind each row.
        at = [place.get(name, -1) for name in _AMOUNTS]
        self._amounts = itemgetter(*at)
        self._names = [name for name in place if name not in _AMOUNTS] or [""]
        self._labels = itemgetter(*(place.get(name, -1) for name in self._names), -1)
        self._charges: dict[tuple[str, ...], _Charge] = {}

    def cost_line(self, row: list[str]) -> CostLine | str:
        """The cost in the cells of one row, or why there is none."""
        row.append("")
        billed, start, end, effective, listed, tokens, consumed, priced = self._amounts(row)
        nanos, starts_at, ends_at = money_nanos(billed), _moment(start), _moment(end)
        if nanos is None or starts_at is None or ends_at is None:
            return "the row has no BilledCost, ChargePeriodStart or ChargePeriodEnd that can be read"
        labels_ = self._labels(row)
        charge = self._charges.get(labels_)
        if charge is None:
            if len(self._charges) >= _MOST_CHARGES:
                self._charges.clear()
            charge = self._charges[labels_] = _charge_of(dict(zip(self._names, labels_, strict=False)))
        quantity, unit = _quantity(tokens, consumed, priced, charge)
        problems = charge.line.problems
        if unit == "requests" and _is_tokens(charge.line):
            problems = (*problems, _REQUEST_ROWS)
        spent = nanos if effective == billed or not effective else money_nanos(effective)
        return replace(
            charge.line, starts_at=starts_at, ends_at=ends_at, quantity=quantity, unit=unit, billed_nanos=nanos,
            # The costs are equal in most rows; a million of them are read.
            effective_nanos=nanos if spent is None else spent,
            list_nanos=nanos if listed == billed else money_nanos(listed), problems=problems,
        )  # fmt: skip


def _charge_of(row: Mapping[str, str]) -> _Charge:
    """What the cells of a row say but for its times and amounts."""
    told = {name: "" if (plain := value.strip()) in _NULLS else plain for name, value in row.items()}

    def cell(name: str) -> str:
        return told.get(name, "")

    category, problems = _category(cell("ChargeCategory"))
    sku = _sku(
        cell("SkuPriceDetails"),
        cell("SkuMeter") or cell("ChargeDescription"),
        cell("SkuPriceId") or cell("SkuId"),
        cell("ResourceName") or cell("ResourceId"),
    )
    is_usage = category is ChargeCategory.USAGE
    line = CostLine(
        provider=_provider(*(cell(name) for name in _ISSUERS)), model=sku.model if is_usage else None,
        token_class=sku.token_class if is_usage else None, tier=cell("x_ServiceTier") or sku.tier, category=category,
        correction=cell("ChargeClass").lower() == "correction", starts_at=_NEVER, ends_at=_NEVER,
        billing_starts_at=_moment(cell("BillingPeriodStart")), billed_nanos=0, effective_nanos=0,
        currency=(cell("BillingCurrency") or "USD").upper()[:3], project=labels.id_text(cell("SubAccountId")),
        region=labels.id_text(cell("RegionId")), invoice_id=labels.id_text(cell("InvoiceId")),
        description=cell("ChargeDescription")[:500], tags=_tags(cell("Tags")), problems=problems,
    )  # fmt: skip
    return _Charge(line, unit_of(cell("ConsumedUnit")), unit_of(cell("PricingUnit")))


def _is_tokens(line: CostLine) -> bool:
    return line.category is ChargeCategory.USAGE and line.token_class not in ("web_searches", None)


_ISSUERS: Final = ("ServiceProviderName", "ProviderName", "PublisherName", "InvoiceIssuerName")


@lru_cache(maxsize=256)
def _provider(*names: str) -> str:
    for name in names:
        plain = name.lower()
        if found := next((provider for word, provider in _PROVIDERS if word in plain), None):
            return found
    return provider_name(next(filter(None, names), ""))


@lru_cache(maxsize=64)
def _category(told: str) -> tuple[ChargeCategory, tuple[str, ...]]:
    try:
        return ChargeCategory(told.lower()), ()
    except ValueError:
        return ChargeCategory.USAGE, (_UNKNOWN_CATEGORY,)


@lru_cache(maxsize=4096)
def _sku(details: str, meter: str, price_id: str, resource: str) -> _Sku:
    """Model, token class and tier of a SKU: from the structured details where they are, else from its words."""
    told = _json(details)
    words = f"{meter} {price_id}".lower().replace("-", " ").replace("_", " ")
    direction, action = _detail(told, "TokenDirection").lower(), _detail(told, "TokenCacheAction").lower()
    if direction:
        found = _class_of(direction, action, words)
    elif "search" in words and "web" in words:
        found = "web_searches"
    else:
        found = _class_of(words, words, words)
    tier = next((name for name in _TIERS if name in words.split()), "")
    tier = tier or labels.tier_name(_detail(told, "ServiceTier"))
    model = _detail(told, "ModelId") or (resource.rpartition(":")[2] if resource else "")
    known = provider_name("", "", model) != labels.UNKNOWN
    is_model = bool(model) and found != "web_searches" and (found is not None or known)
    return _Sku(labels.model_name(model) if is_model else None, found, tier or "standard")


def _class_of(direction: str, action: str, words: str) -> str | None:
    if "write" in action or "creation" in action:
        return "cache_write_1h" if re.search(r"\b(1 ?h|1 ?hour|60 ?min|12 ?h)", words) else "cache_write"
    audio = "audio" in words
    if any(word in direction for word in ("output", "completion", "reasoning", "thinking")):
        return "output_audio" if audio else "output"
    if "input" in direction or "prompt" in direction:
        if "uncached" in action:
            return "input_audio" if audio else "input_uncached"
        return "cache_read" if "read" in action or "cached" in action else "input_audio" if audio else "input_uncached"
    return "cache_read" if any(mark in words for mark in ("cache read", "cache hit", "cached")) else None


def _quantity(tokens: str, consumed: str, priced: str, charge: _Charge) -> tuple[Decimal | None, str | None]:
    """Consumed quantity with tokens counted one by one; the priced quantity where none is told."""
    if tokens and (counted := number(tokens)) is not None:
        return counted, "tokens"
    for amount, (size, unit) in ((consumed, charge.consumed), (priced, charge.priced)):
        if amount and (quantity := number(amount)) is not None:
            return quantity if size == 1 else quantity * size, unit
    return None, None


@lru_cache(maxsize=256)
def unit_of(told: str) -> tuple[int, str | None]:
    """(how many one of it is, its name) of a unit as bills write it: `1M Tokens` is (1 000 000, `tokens`)."""
    plain = told.strip().lower().replace(",", "")
    if plain == "mtok":
        return 1_000_000, "tokens"
    if behind := re.fullmatch(r"(tok(?:en)?s?) \((.+)\)", plain):
        plain = f"{behind[2]} {behind[1]}"
    if found := _UNITS.fullmatch(plain.removeprefix("per ")):
        return _SIZES.get(re.sub(r"\s", "", found["size"] or ""), 1), "tokens"
    return 1, plain[:40] or None


@lru_cache(maxsize=4096)
def _tags(cell: str) -> dict[str, str]:
    # Clouds put a prefix before a customer's own tags: `user:team`, `acme/team`.
    return labels.tags_of((re.split(r"[:/]", key)[-1], value) for key, value in _json(cell).items())


def _json(cell: str) -> dict[str, Any]:
    try:
        return _OBJECT.decode(cell) if cell.startswith("{") else {}
    except (msgspec.DecodeError, RecursionError):
        return {}


def _detail(details: Mapping[str, Any], name: str) -> str:
    return text(details.get(name)) or text(details.get(f"x_{name}"))


@lru_cache(maxsize=4096)
def _moment(cell: str) -> datetime | None:
    return moment(cell)
