"""Which format a payload is in, by its first bytes; and one call that reads any of them."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from core.errors import Unreadable
from core.intake import (
    anthropic,
    bedrock,
    claude_code,
    columns,
    focus,
    litellm,
    native,
    openai,
    openai_export,
    otlp,
    responses,
)
from core.intake.record import Record, Taken, Trust
from core.intake.tables import header_of
from core.intake.tabular import REQUIRED as NATIVE_COLUMNS
from core.intake.tabular import Refused, csv_items
from core.usage import Quality, UsageEvent

HEAD: Final = 65_536
"""Bytes that `detect` looks at; more are not needed, fewer may miss a key that comes late in an object."""

_HINT: Final = "Try CSV, FOCUS or the provider's own report; on the command line --format says which it is."


class Format(StrEnum):
    """The formats of payloads; the first six are also the choices of `outlay inspect --format`."""

    NATIVE = "native"
    OTLP = "otlp"
    LITELLM = "litellm"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    FOCUS = "focus"
    OTLP_LOGS = "otlp-logs"
    BEDROCK = "bedrock"
    AWS_BILL = "aws-bill"
    RESPONSES = "responses"
    TABLE = "table"
    PARQUET = "parquet"
    GZIP = "gzip"


_KEY: Final = re.compile(rb'(?<!\\)"([A-Za-z_]{2,40})"\s*:')
_JSON_MARKS: Final = (
    (Format.OTLP, {b"resourceSpans"}), (Format.OTLP_LOGS, {b"resourceLogs"}), (Format.OTLP, {b"resourceMetrics"}),
    (Format.LITELLM, {b"litellm_call_id"}), (Format.LITELLM, {b"custom_llm_provider", b"call_type"}),
    (Format.BEDROCK, {b"schemaType", b"modelId"}), (Format.ANTHROPIC, {b"model_breakdown"}),
    (Format.ANTHROPIC, {b"starting_at", b"ending_at"}), (Format.OPENAI, {b"start_time", b"end_time", b"data"}),
    (Format.NATIVE, {b"at", b"model"}), (Format.RESPONSES, {b"usage"}), (Format.RESPONSES, {b"usageMetadata"}),
    (Format.NATIVE, {b"input_tokens", b"model"}),
    (Format.OPENAI, {b"object", b"data", b"has_more"}), (Format.ANTHROPIC, {b"data", b"has_more"}),
)  # fmt: skip
"""Keys that give a JSON payload away, the surest first. Keys inside texts are escaped and do not match."""


def detect(head: bytes) -> Format:
    """The format of a payload that starts with these bytes (`HEAD` of them are enough).

    Raises:
      Unreadable: it looks like none of them.
    """
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(
            "This is text in UTF-16, as a spreadsheet's “Unicode text” is. Save it as CSV in UTF-8 and give that."
        )
    if head.startswith(b"\x1f\x8b"):
        return Format.GZIP
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if plain[:1] in (b"{", b"["):
        return _json_format(plain)
    if head.startswith(b"\x0a") and not _is_text(head[:200]):
        # Field 1 of an OTLP request, length-delimited; traces, logs and metrics all start so.
        return Format.OTLP
    line = plain.split(b"\n", 1)[0].decode("utf-8", "replace")
    if not plain.strip():
        raise Unreadable("The file is empty.")
    header = header_of(line)[0]
    if len(header) < 2 or not _is_text(head[:1000]):
        raise Unreadable(f"This is none of the formats Outlay reads. {_HINT}")
    if focus.is_focus(line):
        return Format.FOCUS
    if bedrock.is_report(line):
        return Format.AWS_BILL
    if openai_export.is_export(header):
        return Format.OPENAI
    return Format.NATIVE if set(NATIVE_COLUMNS) <= set(header) else Format.TABLE


def read_any(body: bytes, form: Format, *, received_at: datetime, mapping: list[str] | None = None) -> Taken:
    """Read a whole payload, already decompressed, of a known format.

    Args:
      received_at: aware; stands in for times that are not told.
      mapping: `field=column` corrections for a plain table.

    Raises:
      Unreadable, TooLarge, UnknownName: as the module of the format.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    is_csv = body.lstrip()[:1] not in (b"{", b"[")
    match form:
        case Format.OTLP:
            return _otlp(body, received_at)
        case Format.OTLP_LOGS:
            return claude_code.read(body, received_at=received_at)
        case Format.LITELLM:
            return litellm.read(body, received_at=received_at)
        case Format.OPENAI:
            return openai_export.read(_lines(body)) if is_csv else _page_or_responses(body, form, received_at)
        case Format.ANTHROPIC:
            return _page_or_responses(body, form, received_at)
        case Format.BEDROCK:
            return bedrock.read_log(body, received_at=received_at)
        case Format.RESPONSES:
            return responses.read(body, received_at=received_at)
        case Format.FOCUS | Format.AWS_BILL:
            return _bill(body, form)
        case Format.TABLE:
            return _table(body, mapping or [])
        case Format.NATIVE:
            return _native_table(body) if is_csv else _native(body)
    raise Unreadable(f"A {form.value} file has to be unpacked first.")


def native_record(event: UsageEvent) -> Record:
    """A usage event of Outlay's own format as a record. Its sender vouches for it, so it is exact."""
    return Record(event=event, quality=Quality.EXACT, source_key=event.id, trust=Trust.NATIVE, emitter="native")


def _otlp(body: bytes, received_at: datetime) -> Taken:
    if body[:64].lstrip()[:1] == b"{" and b'"resourceLogs"' in body[:4096]:
        return claude_code.read(body, received_at=received_at)
    try:
        return otlp.read(body, received_at=received_at)
    except Unreadable as no_traces:
        # In protobuf, logs look the same from outside.
        try:
            logs = claude_code.read(body, received_at=received_at)
        except Unreadable:
            raise no_traces from None
        if logs.records:
            return logs
        raise


def _page_or_responses(body: bytes, form: Format, received_at: datetime) -> Taken:
    """A page of a provider's reports; or, under the same name, its responses themselves."""
    keys = {match[1] for match in _KEY.finditer(body[:HEAD])}
    if b"data" not in keys and b"usage" in keys:
        return responses.read(body, received_at=received_at)
    return openai.read(body) if form is Format.OPENAI else anthropic.read(body)


def _bill(body: bytes, form: Format) -> Taken:
    taken = Taken()
    for line, found in (focus.rows if form is Format.FOCUS else bedrock.report_rows)(_lines(body)):
        if isinstance(found, str):
            taken.refused.append((line, found))
        else:
            taken.costs.append(found)
    return taken


def _table(body: bytes, changes: list[str]) -> Taken:
    lines = _lines(body)
    header, sample = columns.sample_of(lines)
    mapping = columns.with_changes(columns.propose(header, sample), changes, header)
    taken = Taken(problems=[f"read as a table: {line}" for line in columns.described(mapping)])
    for line, found in columns.rows(lines, mapping):
        if isinstance(found, Refused):
            taken.refused.append((line, found.reason))
        else:
            taken.records.append(found)
    return taken


def _native(body: bytes) -> Taken:
    intake = native.read(body)
    return Taken(records=[native_record(event) for _, event in intake.events], refused=list(intake.rejected))


def _native_table(body: bytes) -> Taken:
    taken = Taken()
    for line, found in csv_items(_lines(body)):
        if isinstance(found, Refused):
            taken.refused.append((line, found.reason))
        else:
            taken.records.append(native_record(found))
    return taken


def _lines(body: bytes) -> list[str]:
    return body.decode("utf-8", "replace").removeprefix("\ufeff").splitlines(keepends=True)


def _json_format(plain: bytes) -> Format:
    keys = {match[1] for match in _KEY.finditer(plain[:HEAD])}
    for form, marks in _JSON_MARKS:
        if marks <= keys:
            return form
    raise Unreadable(f"This JSON is none of the formats Outlay reads. {_HINT}")


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in chain(head))
