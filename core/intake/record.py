"""What every intake module hands over: records of single calls, buckets of a provider's usage API, and lines of a bill.

Records are spend. Buckets are a second opinion on the same spend, never added to it. Cost lines are what the provider asks.
None of them has a place for a prompt or an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from core.usage import Quality, UsageEvent

NO_TIME: Final = "the sender gave no usable time; booked at its arrival"

AGGREGATE: Final = 2
"""`requests` of a bucket that does not tell them: more than one, so that it is priced below any long-context tier."""


class Trust(IntEnum):
    """Who is believed when two sources describe one call; the lower number wins (usage-formats §1.7, November 2026)."""

    PROVIDER_SDK = 0
    PYDANTIC_AI = 1
    OFFICIAL_OTEL = 2
    NATIVE = 3
    TRACELOOP = 4
    OPENINFERENCE = 5
    LOGFIRE = 6
    VERCEL = 7
    OTHER = 8
    LITELLM = 9
    OPENLIT = 10


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One model call as one source describes it.

    Attributes:
      quality: how far the counts of `event` can be trusted.
      problems: what is wrong or unknown, one short sentence each; empty when nothing is.
      source_key: identifies the call inside its source: sent again, it is the same call. Equals `event.id`.
      trust: whom to believe when `event.response_id` is known from another source too.
      emitter: library and version that wrote it, for people.
      failed: the call failed; it counts as a request without tokens.
      ttl_known: False when some cache writes have an unknown lifetime and are counted at the shorter one.
      tier_known: False when the sender did not say which service tier answered.
      merged_keys: `source_key` of the records that were folded into this one; they have to count as seen.
    """

    event: UsageEvent
    quality: Quality
    problems: tuple[str, ...] = ()
    source_key: str
    trust: Trust
    emitter: str = ""
    failed: bool = False
    ttl_known: bool = True
    tier_known: bool = True
    merged_keys: tuple[str, ...] = ()

    @property
    def response_id(self) -> str | None:
        """The provider's id of the answer: the key across sources."""
        return self.event.response_id


class ChargeCategory(StrEnum):
    """FOCUS's categories of a charge."""

    USAGE = "usage"
    PURCHASE = "purchase"
    CREDIT = "credit"
    TAX = "tax"
    ADJUSTMENT = "adjustment"


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill or a cost report. Money in nanos of `currency`; negative for credits and corrections.

    Attributes:
      model: None when the report is not split by model or the charge has none.
      token_class: a name of `core.usage.CLASS_NAMES` (`output` includes reasoning), another unit such as
        `code_execution`, or None when it is unknown.
      tier: `standard`, `batch`, `flex`, `priority`, …
      starts_at, ends_at: the days or hours charged for, aware UTC; the end is exclusive.
      billing_starts_at: start of the invoice's month; None where the source knows no invoice. A correction's
        charge period lies before it.
      quantity, unit: what was consumed; tokens are counted one by one whatever the bill's unit was.
      billed_nanos: what the invoice asks. Compare it with invoices.
      effective_nanos: after discounts, with prepayments spread over their use. Compare it with budgets.
      list_nanos: before discounts; None when not told.
      project, api_key: the provider's ids; None for "not split" and for the default alike.
      context_window: the range of context sizes that the price is for, as the provider words it; None = not told.
      description: the provider's own words for the charge, kept verbatim.
    """

    provider: str
    model: str | None
    token_class: str | None
    tier: str = "standard"
    category: ChargeCategory = ChargeCategory.USAGE
    correction: bool = False
    starts_at: datetime
    ends_at: datetime
    billing_starts_at: datetime | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    billed_nanos: int
    effective_nanos: int
    list_nanos: int | None = None
    currency: str = "USD"
    project: str | None = None
    api_key: str | None = None
    user: str | None = None
    region: str | None = None
    context_window: str | None = None
    invoice_id: str | None = None
    description: str = ""
    tags: dict[str, str] = {}
    problems: tuple[str, ...] = ()

    @property
    def nanos(self) -> int:
        """The amount for budgets."""
        return self.effective_nanos


class UsageBucket(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a provider's usage API: counts of an hour or a day. Checks spend, does not add to it.

    Attributes:
      event: the row as a usage event; `at` is the start of the bucket, `requests` is `AGGREGATE` when not told.
      kind: `completions`, `embeddings`, `web_search_calls`, `messages`, `claude_code`, …
      starts_at, ends_at: aware UTC, the end exclusive.
      requests: model requests as told; None when the API did not say.
      units: quantities that are no tokens (`images`, `characters`, `seconds`, `sessions`, `bytes`).
      api_key, user, batch, context_window, region: the provider's dimensions; None when not grouped by them.
    """

    event: UsageEvent
    quality: Quality
    problems: tuple[str, ...] = ()
    kind: str
    starts_at: datetime
    ends_at: datetime
    requests: int | None = None
    units: dict[str, Decimal] = {}
    api_key: str | None = None
    user: str | None = None
    batch: bool | None = None
    context_window: str | None = None
    region: str | None = None


@dataclass(slots=True)
class Taken:
    """What an intake module found in one payload or page.

    Attributes:
      refused: (index of the item from 0, reason) for items that could not be read at all.
      ignored: items that are no model calls (other spans, empty days); nothing is wrong with them.
      problems: sentences about the payload as a whole.
      next_page: the cursor of the next page of a provider's API, or None on the last one.
    """

    records: list[Record] = field(default_factory=list)
    buckets: list[UsageBucket] = field(default_factory=list)
    costs: list[CostLine] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    ignored: int = 0
    problems: list[str] = field(default_factory=list)
    next_page: str | None = None
