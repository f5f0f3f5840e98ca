"""Plain tables of costs: a CSV with a header of its own, one charge a row.

Columns are recognised by their names; a bill in a table without any of FOCUS's or a provider's names still needs a day or a
month, and an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from core.errors import Unreadable
from core.intake import labels
from core.intake.focus import unit_of
from core.intake.openai import line_item
from core.intake.provider_names import provider_name
from core.intake.record import ChargeCategory, CostLine
from core.intake.tables import header_of, table_rows
from core.intake.values import moment, money_nanos, number

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "amount": ("amount", "cost", "cost_usd", "amount_usd", "usd", "billed_cost", "billed", "charge", "charges", "spend", "total",
               "total_cost", "net_amount", "amount_value", "price", "amount_cents", "cost_cents", "cents"),
    "at": ("date", "day", "usage_date", "usage_day", "start", "start_time", "starts_at", "starting_at", "at", "timestamp",
           "period_start", "charge_period_start", "month", "period"),
    "ends_at": ("end", "end_time", "ends_at", "ending_at", "period_end", "charge_period_end"),
    "provider": ("provider", "vendor", "provider_name"),
    "model": ("model", "model_name", "model_id", "sku_model"),
    "kind": ("token_class", "token_type", "type", "meter", "component", "usage_type", "token_kind", "sku", "item", "class"),
    "tier": ("tier", "service_tier", "processing"),
    "quantity": ("quantity", "tokens", "usage", "units", "usage_quantity", "consumed_quantity", "qty", "token_count"),
    "unit": ("unit", "quantity_unit", "consumed_unit", "uom"),
    "list_amount": ("list_cost", "list_amount", "gross_amount", "gross", "list_price_cost"),
    "currency": ("currency", "billing_currency", "amount_currency"),
    "project": ("project", "project_id", "workspace", "workspace_id", "sub_account", "sub_account_id"),
    "api_key": ("api_key", "api_key_id", "key", "key_id"),
    "region": ("region", "inference_geo", "region_id", "geo"),
    "window": ("context_window", "context"),
    "category": ("category", "charge_category", "charge_type"),
    "description": ("description", "line_item", "charge_description", "details", "text", "name"),
}  # fmt: skip
"""What a bill says → names of columns seen or likely for it, most telling first."""
_TOTALS: Final = re.compile(r"(grand |invoice )?(total|sum)( due)?|amount due|balance due", re.IGNORECASE)
_CENTS: Final = re.compile(r"cents?$|_cents?_?")
_CLASSES: Final = {
    "input": "input_uncached", "uncached_input": "input_uncached", "input_tokens": "input_uncached",
    "uncached_input_tokens": "input_uncached", "cached_input": "cache_read", "output_tokens": "output",
    "cache_creation": "cache_write", "cache_write_5m": "cache_write", "cache_creation.ephemeral_5m_input_tokens": "cache_write",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h", "cache_read_input_tokens": "cache_read",
    "audio_input": "input_audio", "audio_output": "output_audio", "web_search": "web_searches",
}  # fmt: skip
_KNOWN: Final = frozenset((
    "input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio", "output", "output_audio", "web_searches",
))  # fmt: skip


def is_cost_table(header: Iterable[str]) -> bool:
    """Whether a header has what a table of charges needs: an amount and a time."""
    found = columns_of(header)
    return "amount" in found and "at" in found


def columns_of(header: Iterable[str]) -> dict[str, str]:
    """Field → column; a column is used once."""
    plain = {_plain(column): column for column in header if column}
    found: dict[str, str] = {}
    for name, spellings in FIELDS.items():
        taken = set(found.values())
        if hit := next((plain[said] for said in spellings if said in plain and plain[said] not in taken), None):
            found[name] = hit
    return found


def rows(lines: Iterable[str], *, provider: str) -> Iterator[tuple[int, CostLine | str | Decimal]]:
    """(line number, charge; or why there is none; or the total that the last row states), one at a time.

    Args:
      provider: whose bill it is, where the table has no column for that.

    Raises:
      Unreadable: a column that is needed is missing.
    """
    source = iter(lines)
    first = next(source, "")
    columns = columns_of(header_of(first)[0])
    if lacking := [name for name in ("amount", "at") if name not in columns]:
        names = {"amount": "an amount (amount, cost, …)", "at": "a day (date, start_time, …)"}
        raise Unreadable(
            f"The bill has no column for {' and '.join(names[name] for name in lacking)}. Name it in the header."
        )

    def with_header() -> Iterator[str]:
        yield first
        yield from source

    for line, row in table_rows(with_header()):
        if isinstance(row, str):
            yield line, row
            continue
        cells = {name: row[column] for name, column in columns.items()}
        yield line, _total(cells, columns) or _charge(cells, columns, provider)


def _total(cells: Mapping[str, str], columns: Mapping[str, str]) -> Decimal | None:
    named = any(_TOTALS.fullmatch(cell.strip(" :")) for name, cell in cells.items() if name != "amount")
    amount = _amount(cells["amount"]) if named and moment(cells["at"]) is None else None
    return amount / _per_unit(columns) if amount is not None else None


def _charge(cells: Mapping[str, str], columns: Mapping[str, str], provider: str) -> CostLine | str:
    said = cells.get
    per_unit = _per_unit(columns)
    amount = _amount(cells["amount"])
    nanos = None if amount is None else money_nanos(amount, per_unit=per_unit)
    if nanos is None:
        return f"“{cells['amount'][:40]}” is no amount"
    span = _span(cells["at"], said("ends_at", ""))
    if span is None:
        return f"“{cells['at'][:40]}” is no day; write it like 2026-10-31"
    kind, described = said("kind", ""), said("description", "")
    model, token_class, tier = _sku(said("model", ""), kind, described)
    size, unit = unit_of(said("unit", ""))
    quantity = number(said("quantity", "").replace(",", ""))
    listed = _amount(said("list_amount", ""))
    return CostLine(
        provider=provider_name(said("provider", "")) if said("provider") else provider, model=model,
        token_class=token_class, tier=labels.tier_name(said("tier", "")) if said("tier") else tier,
        category=_category(said("category", "")), starts_at=span[0], ends_at=span[1],
        quantity=None if quantity is None else quantity * size,
        unit=(unit or ("tokens" if token_class in _KNOWN else None)) if quantity is not None else None,
        billed_nanos=nanos, effective_nanos=nanos,
        list_nanos=None if listed is None else money_nanos(listed, per_unit=per_unit),
        currency=(said("currency") or "USD").upper()[:3], project=labels.id_text(said("project")),
        api_key=labels.id_text(said("api_key")), region=labels.id_text(said("region")),
        context_window=labels.id_text(said("window")), description=(described or kind)[:500],
    )  # fmt: skip


def _sku(model: str, kind: str, described: str) -> tuple[str | None, str | None, str]:
    """(model, token class, tier) from whichever of the cells say it."""
    plain = kind.strip().lower().replace(" ", "_").replace("-", "_")
    told = _CLASSES.get(plain, plain if plain in _KNOWN else None)
    named, found, tier = line_item(described if "," in described else f"{model or 'x y'}, {kind} {described}")
    if found == "cache_write" and re.search(
        r"\b(1 ?h|1 ?hour|60 ?min|12 ?h)", f"{kind} {described}".lower().replace("_", " ")
    ):
        found = "cache_write_1h"
    name = labels.model_name(model) if model.strip() else named
    return name, told or found, tier


def _span(starts: str, ends: str) -> tuple[datetime, datetime] | None:
    """The day, or the whole month where only a month is told."""
    if month := re.fullmatch(r"(\d{4})-(\d{2})", starts.strip()):
        year, number_ = int(month[1]), int(month[2])
        if not 1 <= number_ <= 12:
            return None
        following = datetime(year + number_ // 12, number_ % 12 + 1, 1, tzinfo=UTC)
        return datetime(year, number_, 1, tzinfo=UTC), following
    starts_at, ends_at = moment(starts), moment(ends)
    if starts_at is None:
        return None
    return starts_at, ends_at if ends_at and ends_at > starts_at else starts_at + timedelta(days=1)


def _amount(cell: str) -> Decimal | None:
    plain = cell.strip().replace("$", "").replace("\u2212", "-").replace("USD", "").strip()
    if re.fullmatch(r"\(.+\)", plain):
        plain = f"-{plain[1:-1]}"
    return number(plain.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain) else plain)


def _per_unit(columns: Mapping[str, str]) -> int:
    return 100 if _CENTS.search(_plain(columns["amount"])) else 1


def _category(told: str) -> ChargeCategory:
    try:
        return ChargeCategory(told.strip().lower())
    except ValueError:
        return ChargeCategory.USAGE


def _plain(column: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
