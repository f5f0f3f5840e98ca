"""Calls that are not billed by tokens, and calls that are billed by nothing.

Images of a size, seconds of audio, characters of speech: Outlay counts their requests, says what they are billed by, and
leaves their cost to the provider's report. Names of calls: LiteLLM 1.109's `CallTypes`, November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BY_UNIT: Final = "billed by the {unit}, not by tokens; its request counts, its cost is not estimated"
_UNITS: Final = (
    ("transcription", "second of audio"), ("speech", "character"), ("image", "image"), ("video", "second of video"),
    ("rerank", "search"), ("ocr", "page"), ("search", "search"),
)  # fmt: skip
"""A word in a call's name → what providers bill such a call by, where it tells no tokens."""
_UNBILLED: Final = (
    "aget_", "get_", "aretrieve", "retrieve", "alist", "list", "afile", "file", "acreate_file", "create_file", "acreate_batch",
    "create_batch", "acancel", "cancel", "adelete", "delete", "amoderation", "moderation", "call_mcp_tool", "list_mcp",
    "avector_store", "vector_store", "acreate_container", "create_container", "aupload", "health_check",
)  # fmt: skip
"""Starts of the names of calls that look up, keep or pass on things."""


def is_unbilled(call_type: str) -> bool:
    """Whether a call of this name, when it tells no tokens, is no use of a model that anybody bills."""
    return call_type.lower().startswith(_UNBILLED)


def billed_by(usage: Mapping[str, Any], call_type: str = "") -> str | None:
    """The sentence for a call without tokens that is billed by something else, or None."""
    seconds = usage.get("seconds")
    if usage.get("type") == "duration" or seconds:
        return BY_UNIT.format(unit=_UNITS[0][1])
    name = call_type.lower()
    unit = next((unit for word, unit in _UNITS if word in name), None)
    return BY_UNIT.format(unit=unit) if unit else None
