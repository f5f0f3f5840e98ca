"""Outlay's own usage events, as a JSON array, one JSON object, or NDJSON (one object a line)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from core.errors import TooLarge, Unreadable
from core.usage import UsageEvent

MAX_EVENTS: Final = 50_000
"""Events accepted in one request; at about 400 bytes each that is a body of 20 MB."""

_BATCH: Final = msgspec.json.Decoder(list[UsageEvent])
_ONE: Final = msgspec.json.Decoder(UsageEvent)
_VALUE: Final = msgspec.json.Decoder(msgspec.Raw)
_RAW: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Intake:
    """What a payload holds: (index, event) pairs in order, and (index, reason) for what is no event. Indexes count from 0."""

    events: list[tuple[int, UsageEvent]]
    rejected: list[tuple[int, str]]


def read(body: bytes) -> Intake:
    """Read a request's body. One bad item never costs a good one.

    Raises:
      Unreadable: the body as a whole is neither a JSON array nor JSON objects on lines.
      TooLarge: more than `MAX_EVENTS` items.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    first = body[:4096].lstrip()[:1]
    if first == b"[":
        return _read_array(body)
    if first == b"{":
        return _read_lines(body)
    raise Unreadable("The body is not JSON: it has to be an array of usage events, or one JSON object a line (NDJSON).")


def _read_array(body: bytes) -> Intake:
    try:
        return _bounded(list(enumerate(_BATCH.decode(body))), [])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # Some item does not fit: find out which, one by one.
        pass
    try:
        items = _RAW.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as broken:
        raise Unreadable(f"The body is not JSON: {broken}. Nothing of it was recorded.") from broken
    return _one_by_one([(index, bytes(item)) for index, item in enumerate(items)])


def _read_lines(body: bytes) -> Intake:
    lines = [(index, line) for index, line in enumerate(body.split(b"\n")) if line.strip()]
    if len(lines) == 1 or len(lines) > MAX_EVENTS:
        return _one_by_one(lines)
    try:
        return _bounded([(index, event) for (index, _), event in zip(lines, _ONE.decode_lines(body), strict=True)], [])
    except (ValueError, RecursionError):
        return _one_by_one([(0, body)] if _is_one_value(body) else lines)


def _is_one_value(body: bytes) -> bool:
    """Whether the body is a single JSON value spread over several lines. Stops at the end of the first value."""
    try:
        _VALUE.decode(body)
    except (ValueError, RecursionError):
        return False
    return True


def _one_by_one(items: list[tuple[int, bytes]]) -> Intake:
    events: list[tuple[int, UsageEvent]] = []
    rejected: list[tuple[int, str]] = []
    if len(items) > MAX_EVENTS:
        _refuse(len(items))
    for index, item in items:
        try:
            events.append((index, _ONE.decode(item)))
        except (ValueError, RecursionError) as wrong:
            rejected.append((index, reason(wrong)))
    return Intake(events, rejected)


def _bounded(events: list[tuple[int, UsageEvent]], rejected: list[tuple[int, str]]) -> Intake:
    if len(events) > MAX_EVENTS:
        _refuse(len(events))
    return Intake(events, rejected)


def _refuse(count: int) -> None:
    raise TooLarge(
        f"{count:,} events in one request; at most {MAX_EVENTS:,} are accepted. Send them in several requests."
    )


def said(broken: Exception) -> str:
    """What is wrong with JSON, in the decoder's words; they name places and types, never content."""
    if not isinstance(broken, msgspec.DecodeError):
        return "it cannot be decoded"
    text = str(broken).replace("`", "").replace("JSON is malformed: ", "")
    return "it ends in the middle" if "truncated" in text else f"{text[:1].lower()}{text[1:]}"


def reason(wrong: Exception) -> str:
    """A decoding error in words for the sender: the field first, then what is wrong with it."""
    if not isinstance(wrong, msgspec.ValidationError):
        return f"not JSON: {wrong}"
    text, _, path = str(wrong).partition(" - at `$")
    path = path.strip("`").lstrip(".")
    plain = text.replace("Object missing required field ", "missing ").replace("`", "")
    return f"{path}: {plain[0].lower()}{plain[1:]}" if path else f"{plain[0].lower()}{plain[1:]}"
