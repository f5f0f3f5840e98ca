"""Usage events: what a model call consumed. Token classes inside are disjoint; prompts and answers are never kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec

MAX_TOKENS: Final = 1_000_000_000_000
"""A trillion tokens in one event: a thousand times any real aggregate, and safe in 64 bits once priced."""
MAX_REQUESTS: Final = 1_000_000_000
MAX_TAGS: Final = 16
MAX_TAG_VALUE: Final = 200
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
CLOCK_SLACK: Final = timedelta(hours=24)
"""How far ahead of our clock an event may lie: a day covers any time zone that was written as if it were UTC."""

DIMENSIONS: Final = ("feature", "team", "environment", "customer", "project")
"""Tags that rules and breakdowns know by name; `project` is the provider's project or workspace id."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOKENS)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
TagValue = Annotated[str, msgspec.Meta(max_length=MAX_TAG_VALUE)]


class TokenClasses(NamedTuple):
    """Billed quantities that add up: no token is in two of them. All ≥ 0.

    `web_searches` are calls, not tokens; it rides along because it is priced per call.
    """

    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    output: int = 0
    reasoning: int = 0
    output_audio: int = 0
    web_searches: int = 0

    @property
    def input_total(self) -> int:
        return sum(self[:5])

    @property
    def output_total(self) -> int:
        return sum(self[5:8])


_NUL: Final = "a text holds a NUL character; send it without"
CLASS_NAMES: Final = TokenClasses._fields


class Quality(StrEnum):
    """How far the counts of an event can be trusted."""

    EXACT = "exact"
    PARTIAL = "partial"
    GUESSED = "guessed"
    MISSING = "missing"
    REPAIRED = "repaired"


class UsageEvent(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=False):
    """One usage event as `POST /v1/usage` carries it; names follow `genai_prices.Usage`.

    Attributes:
      id: unique per source (ingest token); sent again, it counts once.
      at: end of the call, aware; kept in UTC.
      requests: LLM requests behind the event, ≥ 1; above 1 it is an aggregate, priced below any long-context tier.
      input_tokens: all input, cache included; `cache_*` and `input_audio_tokens` are subsets of it,
        `cache_write_1h_tokens` is a subset of `cache_write_tokens`.
      output_tokens: all output, reasoning and audio included.
      tags: at most 16, values up to 200 characters.
      tier: the provider's service tier; `standard` and absence mean list price.
      workload: names the workload directly, instead of rules.
      response_id: the provider's id of the answer; joins events of different sources.
      cost_reported: what the sender believes it cost, in dollars; kept apart from our own estimate.
    """

    id: Name
    at: datetime
    provider: Name
    model: Name
    requests: Annotated[int, msgspec.Meta(ge=1, le=MAX_REQUESTS)] = 1
    input_tokens: Count = 0
    cache_read_tokens: Count = 0
    cache_write_tokens: Count = 0
    cache_write_1h_tokens: Count = 0
    input_audio_tokens: Count = 0
    output_tokens: Count = 0
    reasoning_tokens: Count = 0
    output_audio_tokens: Count = 0
    web_searches: Count = 0
    tags: Annotated[
        dict[Annotated[str, msgspec.Meta(min_length=1, max_length=64)], TagValue], msgspec.Meta(max_length=MAX_TAGS)
    ] = {}
    tier: Annotated[str, msgspec.Meta(max_length=40)] = "standard"
    workload: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    response_id: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    cost_reported: Annotated[str, msgspec.Meta(max_length=40)] | float | None = None

    def classes(self) -> TokenClasses:
        """The disjoint classes; meaningful only where `problem` found nothing."""
        return TokenClasses(
            self.input_tokens - self.cache_read_tokens - self.cache_write_tokens - self.input_audio_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens - self.cache_write_1h_tokens,
            self.cache_write_1h_tokens,
            self.input_audio_tokens,
            self.output_tokens - self.reasoning_tokens - self.output_audio_tokens,
            self.reasoning_tokens,
            self.output_audio_tokens,
            self.web_searches,
        )

    def label_problem(self) -> str | None:
        """Why the labels cannot be kept, or None. PostgreSQL holds no NUL, and no label has a use for one."""
        texts = (self.provider, self.model, self.tier, self.workload or "", *self.tags, *self.tags.values())
        return _NUL if any("\x00" in text for text in texts) else None

    def problem(self, latest: datetime) -> str | None:
        """Why this event cannot be booked, in words for its sender, or None.

        Args:
          latest: the last instant accepted, aware: now plus `CLOCK_SLACK`.
        """
        if "\x00" in self.id or (self.response_id and "\x00" in self.response_id):
            return _NUL
        if self.at.tzinfo is None:
            return "at has no time zone; write it as 2026-11-02T09:14:03Z"
        if not EARLIEST <= self.at <= latest:
            way = (
                "lies in the future; check the sender's clock"
                if self.at > latest
                else "is before 2020; check the sender's clock"
            )
            return f"at {self.at.isoformat()} {way}"
        if self.cache_write_1h_tokens > self.cache_write_tokens:
            return "cache_write_1h_tokens exceeds cache_write_tokens"
        parts = self.cache_read_tokens + self.cache_write_tokens + self.input_audio_tokens
        if parts > self.input_tokens:
            for name in ("cache_read_tokens", "cache_write_tokens", "input_audio_tokens"):
                if getattr(self, name) > self.input_tokens:
                    return f"{name} exceeds input_tokens"
            return "cache_read_tokens, cache_write_tokens and input_audio_tokens together exceed input_tokens"
        if self.reasoning_tokens + self.output_audio_tokens > self.output_tokens:
            for name in ("reasoning_tokens", "output_audio_tokens"):
                if getattr(self, name) > self.output_tokens:
                    return f"{name} exceeds output_tokens"
            return "reasoning_tokens and output_audio_tokens together exceed output_tokens"
        return None
