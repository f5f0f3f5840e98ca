"""The attributes of a protobuf span that are read, out of its encoded pairs.

An exporter sends most pairs (operation, provider, model, server, small counts) with the same bytes again and again: what such bytes
mean is remembered. A pair whose key is not known is never decoded and never remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from core.intake.otlp_attributes import CONTAINERS, KNOWN, ROLES
from core.intake.otlp_schema import PAIR, plain, text

_MAX_REMEMBERED: Final = 32_768
"""Pairs, about 8 MB; when they are that many, remembering begins anew."""
_MAX_BYTES: Final = 160
"""Of a pair that is worth remembering."""

_KEY, _VALUE, _STRING = 0x0A, 0x12, 0x0A
"""The tags of a pair's two fields, and of a value that is a text. Senders write them in this order, but need not."""
_NAMES: Final = {key.encode(): key for key in KNOWN}
_UNIQUE: Final = frozenset((*ROLES["response_id"], *ROLES["call_id"], *ROLES["cost"]))
"""Attributes that hardly ever come twice with one value."""
_OPENED: Final = frozenset(CONTAINERS)

_remembered: dict[bytes, tuple[str, Any]] = {}


def known_pairs(encoded: Iterable[bytes]) -> dict[str, Any]:
    """Known attributes with their values, in the order they were sent; of one that comes twice the last counts.

    The value of a container is its whole text as bytes; of all others it is a text of at most `MAX_VALUE` characters, a number,
    a truth value, or None where it is of another kind. Raises DecodeError for a pair that is none.
    """
    found: dict[str, Any] = {}
    recall = _remembered.get
    for raw in encoded:
        pair = recall(raw) if len(raw) <= _MAX_BYTES else None
        if pair is None:
            pair = _read(raw)
            if pair is None:
                continue
        found[pair[0]] = pair[1]
    return found


def _read(raw: bytes) -> tuple[str, Any] | None:
    """A pair that was not remembered; None where its key is not known."""
    if len(raw) > 2 and raw[0] == _KEY and (end := 2 + raw[1]) < len(raw) and raw[1] < 0x80 and raw[end] == _VALUE:
        # The usual order, so the key is told without decoding; most pairs that come here carry texts and end here.
        key = _NAMES.get(raw[2:end])
        if key is None and _is_whole(raw, end):
            return None
        if key in _UNIQUE and _is_short_text(raw, end):
            return key, text(raw[end + 4 :])
    message = PAIR.FromString(raw)
    key = _NAMES.get(message.key)
    if key is None:
        return None
    if key in _OPENED:
        kind = message.value.WhichOneof("kind")
        return key, message.value.string_value if kind == "string_value" else None
    pair = key, plain(message.value)
    if key not in _UNIQUE and len(raw) <= _MAX_BYTES:
        if len(_remembered) >= _MAX_REMEMBERED:
            _remembered.clear()
        _remembered[raw] = pair
    return pair


def _is_short_text(raw: bytes, at: int) -> bool:
    """Whether the field at this place is a value that is a text and nothing else, to the end of the pair."""
    size = len(raw) - at - 2
    return 2 <= size < 0x80 and raw[at + 1] == size and raw[at + 2] == _STRING and raw[at + 3] == size - 2


def _is_whole(raw: bytes, at: int) -> bool:
    """Whether the field at this place ends where the pair ends, so that no other key can follow."""
    size = shift = 0
    for place in range(at + 1, min(at + 6, len(raw))):
        size |= (raw[place] & 0x7F) << shift
        if raw[place] < 0x80:
            return place + 1 + size == len(raw)
        shift += 7
    return False
