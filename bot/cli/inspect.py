"""`outlay inspect`: what the intake makes of a payload. Stores nothing."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from bot.wiring import system_clock
from core.errors import BudgetError, TooLarge, Unreadable
from core.intake.detect import HEAD, Format, detect, read_any
from core.intake.record import CostLine, Record, Taken, UsageBucket
from core.intake.values import number
from core.list_prices import list_rates, similar_models
from core.money import decimal_string, nanos_from_decimal
from core.usage import Quality, UsageEvent

MAX_BYTES: Final = 512_000_000
"""Largest payload, unpacked; larger files are for `outlay import`, which reads them in pieces."""
_COUNTS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens",
    "output_tokens", "reasoning_tokens", "output_audio_tokens", "web_searches",
)  # fmt: skip
_NAMES: Final = {form.value: form for form in Format}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("inspect")(inspect)


def inspect(
    file: Annotated[Path, typer.Argument(help="A payload, packed with gzip or not; - reads standard input.")],
    form: Annotated[
        str | None, typer.Option("--format", help="native, otlp, litellm, openai, anthropic or focus; guessed without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, also on a terminal.")] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="For plain tables: FIELD=COLUMN, as often as needed.")
    ] = None,
) -> None:
    """Show what the intake makes of a payload: counts, price, quality and problems. Stores nothing."""
    errors = Console(stderr=True)
    try:
        body = unpacked(sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else _bytes(file))
        taken = read_any(body, _format(form, body), received_at=system_clock(), mapping=column)
    except BudgetError as wrong:
        errors.print(f"{file}: {wrong.message}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    found = list(described(taken))
    if as_json or not sys.stdout.isatty():
        for item in found:
            sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
    elif found:
        Console().print(table(found))
    for line in remarks(taken):
        errors.print(line, markup=False, highlight=False, soft_wrap=True)
    if taken.refused and not found:
        raise typer.Exit(1)


def unpacked(body: bytes) -> bytes:
    """The payload itself, at most `MAX_BYTES` of it. Raises TooLarge, Unreadable."""
    if body.startswith(b"\x1f\x8b"):
        try:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            body = unpacker.decompress(body, MAX_BYTES + 1)
        except (zlib.error, gzip.BadGzipFile) as broken:
            raise Unreadable("The file starts like gzip, but cannot be unpacked.") from broken
        if not unpacker.eof and len(body) <= MAX_BYTES:
            raise Unreadable("The gzip file is cut off.")
    if len(body) > MAX_BYTES:
        raise TooLarge(
            f"More than {MAX_BYTES // 1_000_000} MB; import it with `outlay import`, which reads it in pieces."
        )
    return body


def described(taken: Taken) -> Iterator[dict[str, Any]]:
    """One JSON object for every event, bucket and cost line."""
    for record in taken.records:
        yield _record(record)
    for bucket in taken.buckets:
        yield _bucket(bucket)
    for line in taken.costs:
        yield _cost_line(line)


def remarks(taken: Taken) -> list[str]:
    """What is to be said about the payload as a whole, for a person."""
    lines = list(taken.problems)
    nothing = not (taken.records or taken.buckets or taken.costs or taken.refused)
    if nothing and not taken.problems:
        lines.append("There is no model call in it.")
    if taken.ignored == 1:
        lines.append("1 item is no model call of its own and was passed over")
    elif taken.ignored:
        lines.append(f"{taken.ignored:,} items are no model calls of their own and were passed over")
    merged = sum(len(record.merged_keys) for record in taken.records)
    if merged == 1:
        lines.append("1 report was of a call that another one tells too; the call counts once")
    elif merged:
        lines.append(f"{merged:,} reports were of calls that others tell too; each call counts once")
    lines += _unpriced(taken)
    lines += [f"item {index}: {reason}" for index, reason in taken.refused[:20]]
    if len(taken.refused) > 20:
        lines.append(f"… and {len(taken.refused) - 20:,} more that could not be read")
    return lines


def _unpriced(taken: Taken) -> Iterator[str]:
    """A line for every model that has no list price, with what to do about it."""
    events = [(record.event, record.quality) for record in taken.records if not record.failed]
    events += [(bucket.event, bucket.quality) for bucket in taken.buckets]
    unknown = dict.fromkeys(
        (event.provider, event.model) for event, quality in events
        if quality is not Quality.MISSING and cost_usd(event, quality) is None
    )  # fmt: skip
    for provider, model in list(unknown)[:10]:
        near = similar_models(provider, model)
        hint = f" (the nearest name is {near[0]})" if near else ""
        yield f"no list price is known for {model} of {provider}{hint}; set one: /budget price {model} input=… output=…"


def cost_usd(event: UsageEvent, quality: Quality) -> str | None:
    """The event at list price in dollars; None when its model has no price or its tokens are unknown."""
    if quality is Quality.MISSING:
        return None
    at = event.at.astimezone(UTC)
    rates = [
        rate for start, rate in list_rates(event.provider, event.model, event.tier, at.date()) if start <= at.time()
    ]
    return decimal_string(rates[-1].cost(event.classes(), event.requests)) if rates else None


def _record(record: Record) -> dict[str, Any]:
    told = {
        **_event(record.event), "cost_usd": cost_usd(record.event, record.quality), "quality": record.quality.value,
        "problems": list(record.problems), "emitter": record.emitter,
    }  # fmt: skip
    if record.merged_keys:
        told["merged"] = list(record.merged_keys)
    return told


def _bucket(bucket: UsageBucket) -> dict[str, Any]:
    return {
        **_event(bucket.event), "cost_usd": cost_usd(bucket.event, bucket.quality), "quality": bucket.quality.value,
        "problems": list(bucket.problems), "record": "bucket", "kind": bucket.kind, "requests": bucket.requests,
        "starts_at": _instant(bucket.starts_at), "ends_at": _instant(bucket.ends_at), "api_key": bucket.api_key,
        "user": bucket.user, "units": {name: str(value) for name, value in bucket.units.items()},
    }  # fmt: skip


def _cost_line(line: CostLine) -> dict[str, Any]:
    amount = decimal_string(line.effective_nanos)
    return {
        "record": "cost_line", "provider": line.provider, "model": line.model, "token_class": line.token_class,
        "tier": line.tier, "category": line.category.value, "correction": line.correction,
        "starts_at": _instant(line.starts_at), "ends_at": _instant(line.ends_at),
        "quantity": None if line.quantity is None else f"{line.quantity:f}", "unit": line.unit,
        "cost_usd": amount if line.currency == "USD" else None, "amount": amount, "currency": line.currency,
        "billed_amount": decimal_string(line.billed_nanos),
        "list_amount": None if line.list_nanos is None else decimal_string(line.list_nanos), "project": line.project,
        "api_key": line.api_key, "invoice_id": line.invoice_id, "description": line.description, "tags": line.tags,
        "quality": Quality.EXACT.value, "problems": list(line.problems),
    }  # fmt: skip


def _event(event: UsageEvent) -> dict[str, Any]:
    return {
        "id": event.id, "at": _instant(event.at), "provider": event.provider, "model": event.model,
        "requests": event.requests, **{name: getattr(event, name) for name in _COUNTS}, "tags": event.tags,
        "tier": event.tier, "workload": event.workload, "response_id": event.response_id,
        "cost_reported": _dollars(event.cost_reported),
    }  # fmt: skip


def _dollars(reported: str | float | None) -> str | None:
    amount = number(reported)
    return None if amount is None else decimal_string(nanos_from_decimal(amount))


def _instant(at: datetime) -> str:
    if at.tzinfo is None:
        return at.isoformat()
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def table(found: list[dict[str, Any]]) -> Table:
    """The same objects, a row each, for a person."""
    shown = Table("at", "model", "input", "cached", "output", "cost", "quality", "problems", box=None)
    for item in found:
        shown.add_row(
            item.get("at") or item["starts_at"],
            item["model"] or item.get("token_class") or "",
            str(item.get("input_tokens", item.get("quantity") or "")),
            str(item.get("cache_read_tokens", "")),
            str(item.get("output_tokens", "")),
            item["cost_usd"] or "unpriced",
            item["quality"],
            "; ".join(item["problems"]),
        )
    return shown


def _format(told: str | None, body: bytes) -> Format:
    if told is None:
        return detect(body[:HEAD])
    if told not in _NAMES:
        raise Unreadable(f"“{told[:40]}” is no format. There are: {', '.join(sorted(_NAMES))}.")
    return _NAMES[told]


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as broken:
        raise Unreadable(f"The file cannot be read: {broken.strerror}.") from broken
