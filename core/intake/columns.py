"""Plain tables: proposes which column is which from the header and a few rows, and reads rows by such a mapping.

A proposal is meant to be shown to a person before anything is imported; `with_changes` takes in what they correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from core.errors import UnknownName, Unreadable
from core.intake import labels
from core.intake.counts import NO_CACHE_SPLIT, NO_USAGE, Counts, count, settle, told_nothing
from core.intake.provider_names import bare_model, provider_name
from core.intake.record import Record, Trust
from core.intake.tables import header_of, table_rows
from core.intake.tabular import Refused
from core.intake.values import digest, from_unix, moment, number, reported_dollars, whole
from core.usage import MAX_REQUESTS, Quality

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "request_id", "event_id", "call_id", "uuid", "generation_id", "record_id", "log_id"),
    "at": ("at", "timestamp", "time", "created_at", "datetime", "date", "start_time", "created", "end_time",
           "request_time", "occurred_at", "event_time", "ts", "day", "usage_date", "request_created_at", "datum"),
    "provider": ("provider", "vendor", "llm_provider", "model_provider", "provider_name", "custom_llm_provider"),
    "model": ("model", "model_name", "model_id", "llm_model", "engine", "deployment", "model_version", "response_model",
              "model_permaslug", "modell"),
    "requests": ("requests", "num_model_requests", "request_count", "calls", "n_requests", "num_requests", "api_requests"),
    "input_tokens": ("input_tokens", "prompt_tokens", "tokens_prompt", "tokens_in", "input", "prompt_token_count",
                     "context_tokens", "n_context_tokens_total", "input_token_count", "native_tokens_prompt", "in_tokens",
                     "input_usage"),
    "output_tokens": ("output_tokens", "completion_tokens", "tokens_completion", "tokens_out", "output",
                      "generated_tokens", "n_generated_tokens_total", "output_token_count", "native_tokens_completion",
                      "response_tokens", "out_tokens", "output_usage"),
    "cache_read_tokens": ("cache_read_tokens", "cached_tokens", "cache_read_input_tokens", "input_cached_tokens",
                          "cached_input_tokens", "prompt_cache_read_tokens", "cache_hits_tokens", "tokens_cached"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens",
                           "prompt_cache_write_tokens", "input_cache_write_tokens"),
    "cache_write_1h_tokens": ("cache_write_1h_tokens", "ephemeral_1h_input_tokens"),
    "reasoning_tokens": ("reasoning_tokens", "thinking_tokens", "thoughts_tokens", "native_tokens_reasoning",
                         "tokens_reasoning"),
    "web_searches": ("web_searches", "web_search_requests", "searches"),
    "tier": ("tier", "service_tier", "processing"),
    "response_id": ("response_id", "provider_response_id", "provider_call_id", "completion_id"),
    "cost_reported": ("cost_reported", "cost", "cost_usd", "spend", "total_cost", "price", "amount", "cost_in_usd",
                      "estimated_cost", "response_cost", "usd", "cost_total"),
}  # fmt: skip
"""Fields of a usage event → names of columns seen for them, most telling first."""
TAGS: Final[dict[str, tuple[str, ...]]] = {
    "team": ("team", "team_id", "team_name", "squad", "group", "cost_owner", "team_alias", "property_team"),
    "feature": ("feature", "use_case", "app", "application", "service", "service_name", "app_name"),
    "environment": ("environment", "env", "stage"),
    "customer": ("customer", "customer_id", "tenant", "tenant_id", "account", "end_customer"),
    "project": ("project", "project_id", "workspace", "workspace_id"),
    "cost_center": ("cost_center", "cost_centre", "department"),
    "api_key": ("api_key", "api_key_name", "key_alias", "api_key_id", "key_name"),
}  # fmt: skip
REQUIRED: Final = ("at", "model")
_COUNTS: Final = (
    ("input", "input_tokens"), ("output", "output_tokens"), ("cache_read", "cache_read_tokens"),
    ("cache_write", "cache_write_tokens"), ("cache_write_1h", "cache_write_1h_tokens"),
    ("reasoning", "reasoning_tokens"), ("web_searches", "web_searches"),
)  # fmt: skip
_NUMBERS: Final = frozenset({"requests", *(name for _, name in _COUNTS)})
_FUZZY: Final = 0.88
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? +(.+))?")
_YEAR_FIRST: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:,? +(.+))?")
"""Days that can only be read in one way, before a time of day; a day with slashes that begins with day or month cannot."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds what.

    Attributes:
      fields: field of a usage event → column.
      tags: tag → column.
      unused: columns that are left out and never stored.
      lacking: required fields without a column; rows cannot be read until they have one.
      excludes_cache: the sample shows that input does not include cached tokens.
    """

    fields: Mapping[str, str]
    tags: Mapping[str, str]
    unused: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    excludes_cache: bool = False


def propose(header: Sequence[str], sample: Sequence[Mapping[str, str]] = ()) -> ColumnMapping:
    """The likeliest mapping. A column is used once; names that are close count when no known name is there."""
    plain = {_plain(column): column for column in header if column}
    taken: set[str] = set()
    # A column that holds prompts may be called `input`; what is mostly no number in the sample holds no counts.
    texts = {
        column for column in plain.values()
        if 2 * sum(_is_text(row.get(column, "")) for row in sample) > sum(row.get(column, "") != "" for row in sample)
    }  # fmt: skip
    numbers = {name: known for name, known in FIELDS.items() if name in _NUMBERS}
    counted = {spelled: column for spelled, column in plain.items() if column not in texts}
    fields = _matched(numbers, counted, taken, fuzzy=False)
    fields |= _matched(
        {name: known for name, known in FIELDS.items() if name not in _NUMBERS}, plain, taken, fuzzy=False
    )
    fields = {name: fields[name] for name in FIELDS if name in fields}
    tags = _matched(TAGS, plain, taken, fuzzy=False)
    still = {
        name: known for name, known in FIELDS.items() if name not in fields and name not in ("id", "cost_reported")
    }
    fields |= _matched({name: still[name] for name in still if name in _NUMBERS}, counted, taken, fuzzy=True)
    fields |= _matched({name: still[name] for name in still if name not in _NUMBERS}, plain, taken, fuzzy=True)
    return _completed(ColumnMapping(fields, tags), header, sample)


def with_changes(mapping: ColumnMapping, changes: Iterable[str], header: Sequence[str]) -> ColumnMapping:
    """The mapping corrected by `field=column` texts; an empty column drops the field. Raises Unreadable, UnknownName."""
    fields, tags = dict(mapping.fields), dict(mapping.tags)
    for change in changes:
        name, sign, column = (part.strip() for part in change.partition("="))
        if not sign or not name:
            raise Unreadable(f"“{change[:80]}” is no mapping. Write it like input_tokens=prompt_tokens.")
        if column and column not in header:
            raise UnknownName(f"The table has no column “{column[:80]}”. It has: {', '.join(header)[:400]}.")
        kept = fields if name in FIELDS else tags
        kept.pop(name, None)
        if column:
            for other in (fields, tags):
                for key in [key for key, used in other.items() if used == column]:
                    other.pop(key)
            kept[name] = column
    return _completed(replace(mapping, fields=fields, tags=tags), header, ())


def described(mapping: ColumnMapping) -> list[str]:
    """The mapping in lines for a person to check."""
    lines = [f"{name:<22} ← {column}" for name, column in mapping.fields.items()]
    lines += [f"{'tag ' + name:<22} ← {column}" for name, column in mapping.tags.items()]
    if "id" not in mapping.fields:
        lines.append("id                     ← made from the row itself, so that it counts once")
    if not mapping.fields.keys() & {"input_tokens", "output_tokens"}:
        lines.append(
            "missing: a column with tokens; without one every call counts as one whose usage is unknown: input_tokens=COLUMN"
        )
    if mapping.excludes_cache:
        lines.append("input does not include cached tokens in this table; they are added")
    if mapping.unused:
        lines.append(f"left out: {', '.join(mapping.unused)}")
    lines += [f"missing: a column for {name}; name it with {name}=COLUMN" for name in mapping.lacking]
    return lines


def rows(lines: Iterable[str], mapping: ColumnMapping) -> Iterator[tuple[int, Record | Refused]]:
    """(line, record or refusal) of every row. Raises Unreadable while required fields have no column."""
    if mapping.lacking:
        raise Unreadable(
            f"The table has no column for {' and '.join(mapping.lacking)}. Name it, for example with "
            f"--column {mapping.lacking[0]}=COLUMN. Its columns are: {', '.join((*mapping.fields.values(), *mapping.unused))[:400]}."
        )
    seen: dict[str, int] = {}
    for line, row in table_rows(lines):
        if isinstance(row, str):
            yield line, Refused(line, "", row)
        else:
            yield line, _record(row, mapping, line=line, seen=seen)


def sample_of(lines: Sequence[str], size: int = 50) -> tuple[list[str], list[dict[str, str]]]:
    """(header, first rows) of a table."""
    found = [row for _, row in table_rows(lines[: size + 1]) if not isinstance(row, str)]
    return header_of(lines[0] if lines else "")[0], found


def _record(row: Mapping[str, str], mapping: ColumnMapping, *, line: int, seen: dict[str, int]) -> Record | Refused:
    told = {name: row.get(column, "") for name, column in mapping.fields.items()}
    key = labels.id_text(told.get("id")) or _digest(row, seen)
    at = _moment(told["at"])
    if at is None:
        return Refused(
            line, key, f"“{told['at'][:40]}” is no time; write it as 2026-11-02T09:14:03Z or as Unix seconds"
        )
    counts = Counts(exclusive=mapping.excludes_cache)
    for name, field in _COUNTS:
        cell = _digits(told.get(field, ""))
        # A word in the place of a number is taken for an absurd number: it is left out, and that is said.
        count(counts, name, -1 if _is_text(cell) else cell)
    model = labels.model_name(told["model"])
    provider = provider_name(told.get("provider", ""), "", model)
    model = bare_model(model, provider)
    empty = told_nothing(counts) and not counts.web_searches
    settled = settle(counts, provider=provider)
    if empty:
        settled.quality = Quality.MISSING
        settled.problems.append(NO_USAGE)
    elif settled.quality is Quality.EXACT and "cache_read_tokens" not in mapping.fields:
        settled.quality = Quality.PARTIAL
        settled.problems.append(NO_CACHE_SPLIT)
    elif mapping.excludes_cache and settled.quality is Quality.REPAIRED and not counts.distrusted:
        settled.quality = Quality.EXACT
    requests = whole(_digits(told.get("requests", "")))
    event = settled.event(
        id=key, at=at, provider=provider, model=model, tier=labels.tier_name(told.get("tier", "")),
        requests=requests if requests and 0 < requests <= MAX_REQUESTS else 1,
        tags={name: value for name, column in mapping.tags.items() if (value := labels.tag_value(row.get(column, "")))},
        response_id=labels.id_text(told.get("response_id")), cost_reported=_dollars(told.get("cost_reported", "")),
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(settled.problems), source_key=key, trust=Trust.NATIVE,
        emitter="table", ttl_known=settled.ttl_known, tier_known=bool(told.get("tier")),
    )  # fmt: skip


def _matched(
    known: Mapping[str, tuple[str, ...]], plain: Mapping[str, str], taken: set[str], *, fuzzy: bool
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, spellings in known.items():
        free = [spelled for spelled, column in plain.items() if column not in taken]
        hit = next((spelled for spelled in spellings if spelled in free), None)
        if hit is None and fuzzy:
            close = (get_close_matches(spelled, free, n=1, cutoff=_FUZZY) for spelled in spellings)
            hit = next((match[0] for match in close if match), None)
        if hit:
            found[name] = plain[hit]
            taken.add(plain[hit])
    return found


def _completed(mapping: ColumnMapping, header: Sequence[str], sample: Sequence[Mapping[str, str]]) -> ColumnMapping:
    used = {*mapping.fields.values(), *mapping.tags.values()}
    fields = mapping.fields
    excludes = mapping.excludes_cache
    for row in sample:
        told = [whole(_digits(row.get(fields.get(name, ""), ""))) or 0 for _, name in _COUNTS]
        excludes |= 0 < told[2] + told[3] > told[0]
    return replace(
        mapping,
        unused=tuple(column for column in header if column and column not in used),
        lacking=tuple(name for name in REQUIRED if name not in fields),
        excludes_cache=excludes,
    )


def _digest(row: Mapping[str, str], seen: dict[str, int]) -> str:
    """A key for a row without an id. Equal rows are told apart by their order, so that a file read again counts once."""
    said = digest(sorted(row.items()))
    seen[said] = seen.get(said, 0) + 1
    return f"{said}/{seen[said]}"


def _is_text(cell: str) -> bool:
    return cell != "" and whole(_digits(cell)) is None


def _moment(cell: str) -> datetime | None:
    day_first, year_first = _DAY_FIRST.fullmatch(cell), _YEAR_FIRST.fullmatch(cell)
    if found := day_first or year_first:
        year, month, day = (found[3], found[2], found[1]) if day_first else (found[1], found[2], found[3])
        hour = re.sub(r"^(\d):", r"0\1:", found[4] or "00:00")
        return moment(f"{year}-{month:0>2}-{day:0>2}T{hour}")
    amount = number(cell)
    if amount is not None and amount >= 100_000_000_000:
        return from_unix(float(amount) / 1_000)
    return from_unix(float(amount)) if amount is not None else moment(cell)


def _digits(cell: str) -> str:
    return cell.replace(",", "").replace(" ", "") if re.fullmatch(r"\d{1,3}([ ,]\d{3})+(\.0+)?", cell) else cell


def _dollars(cell: str) -> str | None:
    return reported_dollars(cell.strip().removeprefix("$").strip())


def _plain(column: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
