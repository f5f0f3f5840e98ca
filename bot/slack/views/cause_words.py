"""The causes of a gap in words that need no glossary: what happened, and in which direction."""

from __future__ import annotations

from typing import Final

_WORDS: Final[dict[str, str]] = {
    "cached_double_counted": "cached input counted at full price",
    "cache_write_ignored": "cache writes not counted",
    "cache_ttl_unknown": "cache writes kept an hour",
    "reasoning_missed": "reasoning tokens not counted",
    "stream_without_usage": "streams without usage",
    "double_capture": "calls counted twice",
    "batch_discount": "batch discount",
    "service_tier": "another service tier",
    "long_context": "long-context price",
    "residency": "regional processing",
    "tool_fees": "fees for tools",
    "modality": "audio or images",
    "fast_mode": "fast mode",
    "discount": "discount",
    "credit": "credit",
    "tax": "tax",
    "rounding": "rounding",
    "day_edges": "edges of the month",
    "late_data": "late or corrected charges",
    "retries": "retried and cancelled calls",
    "wrong_price": "another price",
    "alias": "another model answered",
    "untracked_key": "usage outside of the books",
    "mock_traffic": "test calls that nobody billed",
    "units": "another unit",
    "sampling": "only a sample was counted",
}


def cause_title(name: str) -> str:
    """`long_context` → `Long-context price`; a name that is not known is shown as it is."""
    words = _WORDS.get(name, name.replace("_", " "))
    return f"{words[:1].upper()}{words[1:]}"
