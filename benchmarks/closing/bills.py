"""The provider's side of a case, written in the format it would arrive in (shapes and vocabulary: usage-formats §3–5)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from benchmarks.closing.focus_bill import focus_rows
from benchmarks.closing.month import Line, Month, dollars
from benchmarks.closing.prices import LONG_ABOVE
from benchmarks.closing.traffic import DAY

DATED: Final = {
    "gpt-5.1": "gpt-5.1-2025-11-13", "gpt-4.1": "gpt-4.1-2025-04-14", "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929", "claude-haiku-4-5": "claude-haiku-4-5-20251001",
}  # fmt: skip
"""What a bill may call a model that the records call by its short name."""
_OPENAI_WORDS: Final = {
    "text": "input_tokens", "read": "cached_input_tokens", "write": "cache_write_tokens", "write_1h": "cache_write_tokens",
    "audio": "audio input_tokens", "out": "output_tokens", "audio_out": "audio output_tokens",
}  # fmt: skip
_ANTHROPIC_TYPES: Final = {
    "text": "uncached_input_tokens", "read": "cache_read_input_tokens",
    "write": "cache_creation.ephemeral_5m_input_tokens", "write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "out": "output_tokens",
}  # fmt: skip
_DESCRIBED: Final = {
    "text": "Input Tokens", "read": "Input Tokens, Cache Read", "write": "Input Tokens, Cache Write",
    "write_1h": "Input Tokens, Cache Write 1h", "out": "Output Tokens",
}  # fmt: skip
_PLAIN: Final = {
    "text": "input", "read": "cached input", "write": "cache write", "write_1h": "cache write 1h", "audio": "audio input",
    "out": "output", "audio_out": "audio output", "search": "web search",
}  # fmt: skip
_GROUPS: Final = (
    "actor", "actor_type", "agent_id", "api_key_id", "context_window", "inference_geo", "model", "organization_id",
    "product", "service_tier", "speed", "workspace_id", "cost_type", "token_type",
)  # fmt: skip


def written(month: Month) -> tuple[bytes, str]:
    """The bill as bytes, and the ending of its file's name."""
    lines = shown(month)
    if month.form == "openai-costs":
        return _json(_openai_costs(month, lines)), ".json"
    if month.form == "openai-csv":
        return _csv(_openai_csv(month, lines)), ".csv"
    if month.form == "anthropic-analytics":
        return _json({"data": [_analytics(line) for line in lines], "has_more": False, "next_page": None}), ".json"
    if month.form == "anthropic-report":
        return _json(_report(lines)), ".json"
    if month.form == "csv":
        return _csv(_plain(month, lines)), ".csv"
    return _csv(focus_rows(month, lines, month.form.removeprefix("focus-"))), ".csv"


def shown(month: Month) -> list[Line]:
    """The lines as this format shows them: services of one project and model are one line, long calls too where it has no window."""
    keeps_windows = month.form not in ("openai-costs", "openai-csv", "csv")
    names = DATED if month.rng.random() < 0.35 else {}
    found: dict[tuple[object, ...], Line] = {}
    for line in month.lines:
        seen = replace(line, model=names.get(line.model, line.model), key=line.key if month.shows_keys else None,
                       window=line.window if keeps_windows else "", service=None)  # fmt: skip
        place = (line.day, seen.model, seen.kind, seen.project, seen.key, seen.tier, seen.region, seen.is_fast, seen.window,
                 seen.category, seen.words, seen.is_correction)  # fmt: skip
        if place not in found:
            found[place] = seen
            continue
        one = found[place]
        one.nanos, one.list_nanos = one.nanos + seen.nanos, one.list_nanos + seen.list_nanos
        one.quantity = (one.quantity or 0) + (seen.quantity or 0)
    return sorted(found.values(), key=lambda line: (line.day, line.project or "~", line.model, line.kind))


def _line_item(line: Line) -> str:
    if line.words:
        return {"Code interpreter": "code interpreter sessions", "File search": "file search tool calls"}.get(
            line.words, "web search tool calls"
        )
    if line.kind == "search":
        return "web search tool calls"
    tier = "" if line.tier == "standard" else f"{line.tier} "
    return f"{line.model}, {tier}{_OPENAI_WORDS[line.kind]}"


def _openai_costs(month: Month, lines: Iterable[Line]) -> dict[str, Any]:
    buckets: dict[int, list[dict[str, Any]]] = {day: [] for day in range(month.starts // DAY, month.ends // DAY)}
    for line in lines:
        is_tokens = line.kind not in ("search", "tool")
        buckets.setdefault(line.day, []).append({
            "object": "organization.costs.result", "amount": {"value": Decimal(dollars(line.nanos)), "currency": "usd"},
            "line_item": _line_item(line), "project_id": line.project, "api_key_id": line.key, "user_id": None,
            "api_source": None, "quantity": Decimal(f"{line.quantity}.0") if is_tokens else None,
            "quantity_unit": "tokens" if is_tokens else None,
        })  # fmt: skip
    data = [
        {"object": "bucket", "start_time": day * DAY, "end_time": (day + 1) * DAY, "results": results}
        for day, results in sorted(buckets.items())
    ]
    return {"object": "page", "data": data, "has_more": False, "next_page": None}


def _openai_csv(month: Month, lines: Iterable[Line]) -> list[list[str]]:
    rows = [["start_time", "end_time", "start_time_iso", "end_time_iso", "amount_value", "amount_currency", "line_item",
             "project_id", "organization_id", "organization_name"]]  # fmt: skip
    for line in lines:
        start, end = (datetime.fromtimestamp(day * DAY, UTC) for day in (line.day, line.day + 1))
        rows.append([
            str(line.day * DAY), str((line.day + 1) * DAY), start.isoformat(), end.isoformat(), f"{dollars(line.nanos)}0000000",
            "usd", _line_item(line), line.project or "", "org-example", "Example Org",
        ])  # fmt: skip
    return rows


def _cents(nanos: int) -> str:
    """Cents as a decimal text, with the fraction that whole nanos need."""
    shown = dollars(nanos * 100)
    return shown.removesuffix(".00")


def _analytics(line: Line) -> dict[str, Any]:
    group: dict[str, Any] = dict.fromkeys(_GROUPS)
    group |= {"workspace_id": line.project, "api_key_id": line.key}
    if line.kind in _ANTHROPIC_TYPES:
        window = ("200k-1M" if line.window else "0-200k") if line.model in LONG_ABOVE else None
        group |= {
            "model": line.model, "cost_type": "tokens", "token_type": _ANTHROPIC_TYPES[line.kind], "service_tier": line.tier,
            "speed": "fast" if line.is_fast else "standard", "inference_geo": line.region or "global", "context_window": window,
        }  # fmt: skip
    else:
        group["cost_type"] = "web_search" if line.kind == "search" else "code_execution"
    cost = {"amount": _cents(line.nanos), "list_amount": _cents(line.list_nanos), "currency": "USD", "requests": None}
    return {"starting_at": _day(line.day), "ending_at": _day(line.day + 1), "group": group, "cost": cost}


def _report(lines: Iterable[Line]) -> dict[str, Any]:
    buckets: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        group = _analytics(line)["group"]
        described = "Web Search Usage" if line.kind == "search" else "Code Execution Usage"
        if line.kind in _DESCRIBED:
            described = f"{line.model.replace('-', ' ').title()} Usage - {_DESCRIBED[line.kind]}"
            described += " (Batch)" if line.tier == "batch" else " (Fast)" if line.is_fast else ""
        names = ("workspace_id", "cost_type", "context_window", "model", "service_tier", "token_type", "inference_geo")
        buckets.setdefault(line.day, []).append(
            {"currency": "USD", "amount": _cents(line.nanos), "description": described, **{name: group[name] for name in names}}
        )  # fmt: skip
    data = [
        {"starting_at": _day(day), "ending_at": _day(day + 1), "results": results}
        for day, results in sorted(buckets.items())
    ]
    return {"data": data, "has_more": False, "next_page": None}


def _plain(month: Month, lines: Iterable[Line]) -> list[list[str]]:
    rows = [["date", "provider", "project_id", *(["api_key_id"] if month.shows_keys else []), "model", "token_type", "tier",
             "quantity", "unit", "amount", "currency", "category", "description"]]  # fmt: skip
    for line in lines:
        is_tokens, told = line.kind not in ("search", "tool", ""), line.quantity is not None
        described = line.words or f"{line.model}, {_PLAIN[line.kind]}" + (f" ({line.region})" if line.region else "")
        rows.append([
            _day(line.day)[:10], month.provider, line.project or "", *([line.key or ""] if month.shows_keys else []),
            line.model if is_tokens else "", _PLAIN.get(line.kind, ""), "fast" if line.is_fast else line.tier,
            str(line.quantity) if told else "", ("tokens" if is_tokens else "calls") if told else "",
            dollars(line.nanos), "USD", line.category.lower(), described,
        ])  # fmt: skip
    return rows


def _day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Exact(json.JSONEncoder):
    """Writes Decimals with the digits they have, as JSON numbers."""

    def iterencode(self, o: Any, _one_shot: bool = False) -> Any:
        return super().iterencode(_marked(o), _one_shot)


def _marked(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"\x00{value}\x00"
    if isinstance(value, dict):
        return {key: _marked(part) for key, part in value.items()}
    return [_marked(part) for part in value] if isinstance(value, list) else value


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=_Exact).replace('"\\u0000', "").replace('\\u0000"', "").encode()


def _csv(rows: Iterable[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()
