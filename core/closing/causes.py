"""The causes of a gap by their names, and one named part of a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CauseName(StrEnum):
    """Why an invoice differs from the estimate, in the order of usage-formats §8; names of `outlay reconcile --json`."""

    CACHED_DOUBLE_COUNTED = "cached_double_counted"
    CACHE_WRITE_IGNORED = "cache_write_ignored"
    CACHE_TTL_UNKNOWN = "cache_ttl_unknown"
    REASONING_MISSED = "reasoning_missed"
    STREAM_WITHOUT_USAGE = "stream_without_usage"
    DOUBLE_CAPTURE = "double_capture"
    BATCH_DISCOUNT = "batch_discount"
    SERVICE_TIER = "service_tier"
    LONG_CONTEXT = "long_context"
    RESIDENCY = "residency"
    TOOL_FEES = "tool_fees"
    MODALITY = "modality"
    FAST_MODE = "fast_mode"
    DISCOUNT = "discount"
    CREDIT = "credit"
    TAX = "tax"
    ROUNDING = "rounding"
    DAY_EDGES = "day_edges"
    LATE_DATA = "late_data"
    RETRIES = "retries"
    WRONG_PRICE = "wrong_price"
    ALIAS = "alias"
    UNTRACKED_KEY = "untracked_key"
    MOCK_TRAFFIC = "mock_traffic"
    UNITS = "units"
    SAMPLING = "sampling"


@dataclass(frozen=True, slots=True)
class Cause:
    """One named part of the gap.

    Attributes:
      nanos: what it adds to the estimate to get to the invoice; negative where the invoice is lower.
      confidence: 0–1: how much better it explains this part than the next best cause would.
      evidence: a sentence with the numbers that speak for it.
      details: what acting on it needs: `model`, `models`, `project`, `projects`, `tier`, `ratio`, `from_on`, …; JSON-able.
    """

    name: CauseName
    nanos: int
    confidence: float
    evidence: str
    details: Mapping[str, object]
