"""The causes that can be planted: how each is named, where it can show, and in which order they are laid over each other.

The order is the diagnosis backwards, on each side: what is looked for first (requests, then tokens, then list prices, then
discounts, tax and rounding on the bill) is laid on last among the records and first on the bill. So a cause's truth is its
effect as a reader finds it who works in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.closing import billing, recording
from benchmarks.closing.month import Month

Planter = Callable[[Month, float], None]
OPENAI: Final = ("openai-costs", "openai-csv")
ANTHROPIC: Final = ("anthropic-analytics", "anthropic-report")
OPEN: Final = ("focus-1.2", "focus-1.4", "csv")
ANY: Final = (*OPENAI, *ANTHROPIC, *OPEN)
COUNTED: Final = ("openai-costs", *OPEN)
"""Formats whose lines tell quantities; without them a price and a number of tokens cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One way to drift.

    Attributes:
      name: as in the API.
      number: of the drift table.
      ways: planters, one of which is drawn, each with the formats in which a reader could see it.
      alone: it bends the whole bill, so nothing else is planted beside it.
    """

    name: str
    number: int
    ways: tuple[tuple[Planter, tuple[str, ...]], ...]
    alone: bool = False


CAUSES: Final = (
    # The records, tokens first and requests last.
    Cause("day_edges", 17, ((recording.local_stamps, ANY), (billing.local_bill, ANY))),
    Cause("cached_double_counted", 1, ((recording.cached_double_counted, ANY),)),
    Cause("cache_write_ignored", 2, ((recording.cache_write_ignored, ANY),)),
    Cause("cache_ttl_unknown", 3, ((recording.cache_ttl_unknown, ANY),)),
    Cause("reasoning_missed", 4, ((recording.reasoning_missed, ANY),)),
    Cause("modality", 12, ((recording.modality, ANY),)),
    Cause("tool_fees", 11, ((recording.searches_missed, ANY), (billing.tool_lines, ANY))),
    Cause("long_context", 9, ((recording.long_context, COUNTED + ANTHROPIC),)),
    Cause("alias", 21, ((recording.alias, ANY),)),
    Cause("stream_without_usage", 5, ((recording.stream_without_usage, ANY),)),
    Cause("units", 24, ((recording.units, COUNTED),)),
    Cause("double_capture", 6, ((recording.double_capture, ANY),)),
    Cause("mock_traffic", 23, ((recording.mock_traffic, ANY), (recording.cache_hits, ANY))),
    Cause("retries", 19, ((recording.retries, ANY),)),
    Cause("sampling", 25, ((recording.sampling, COUNTED),)),
    Cause("late_data", 18, (
        (recording.source_ended_early, ANY), (billing.pulled_early, ANY), (billing.corrected_before, ("focus-1.2", "focus-1.4")),
    )),
    # The bill, list prices first and tax and rounding last.
    Cause("wrong_price", 20, ((recording.unpriced_model, ANY), (billing.wrong_price, COUNTED), (billing.wrong_price, COUNTED))),
    Cause("untracked_key", 22, ((billing.untracked_key, ANY),)),
    Cause("batch_discount", 7, ((billing.batch_discount, ANY),)),
    # Anthropic's older cost report knows no tiers but standard and batch.
    Cause("service_tier", 8, ((billing.service_tier, (*OPENAI, "anthropic-analytics", *OPEN)),)),
    Cause("fast_mode", 13, ((billing.fast_mode, ANTHROPIC + OPEN),)),
    Cause("residency", 10, ((billing.residency, COUNTED + ANTHROPIC),)),
    Cause("discount", 14, ((billing.discount, ANY),)),
    Cause("credit", 14, ((billing.credit, COUNTED),)),
    Cause("tax", 15, ((billing.tax, OPEN),)),
    Cause("rounding", 16, ((billing.rounding, ANY),)),
)  # fmt: skip
BY_NAME: Final = {cause.name: cause for cause in CAUSES}
