"""What is asked of the guard, and what it answers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from core.guard import Answer
from core.holds import Ask

HOLD_SECONDS: Final = 600
"""How long a hold waits for its usage before it is charged; longer than any answer takes."""
MAX_HOLD_SECONDS: Final = 86_400
RETRY_SECONDS: Final = 2
"""What is told to somebody whose money is held by requests in flight."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How this installation guards.

    Attributes:
      ceiling: (input, output) nanos per million tokens at which a model without a price is held; None to deny it.
      hold_seconds: how long a hold lasts where the request does not say.
    """

    ceiling: tuple[int, int] | None = None
    hold_seconds: int = HOLD_SECONDS


@dataclass(frozen=True, slots=True)
class Authorization:
    """A request that asks to be let through. `tags` decide the workload by the rules where none is named."""

    request_id: str
    provider: str
    model: str
    ask: Ask
    workload: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    tier: str = "standard"
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseOrder:
    """Money for a while, to be spent without asking."""

    workload: str
    nanos: int
    seconds: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a hold or a lease was used for. No usage at all gives the money back.

    `usage` are decoded usage events; of a single request's event what the hold knows may be missing.
    """

    hold_id: str
    usage: tuple[Mapping[str, Any], ...]
    is_lease: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to an `Authorization`; money in nanos. Without `hold_id` it is a denial.

    Attributes:
      remaining_nanos: what the envelope has left after this hold; None without an envelope.
      retry_seconds: set when money is only held, not spent, and when a throttle has no turn left.
      is_throttled: no turn was left in this minute; money is not what lacks.
      need_nanos: on a denial, what would have to be left.
    """

    answer: Answer
    model: str
    max_output_tokens: int | None
    hold_id: str | None
    held_nanos: int
    remaining_nanos: int | None
    expires_at: datetime | None
    reason: str
    retry_seconds: int | None = None
    need_nanos: int = 0
    workload_id: int = 0
    is_throttled: bool = False


@dataclass(frozen=True, slots=True)
class Leased:
    """A lease; `lease_id` is None when there is nothing left to lease."""

    lease_id: str | None
    granted_nanos: int
    remaining_nanos: int | None
    expires_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settlement came to: charged, and given back of what was held (nanos, never negative).

    `rejected` are (index, reason) of a lease's events that could not be booked.
    """

    charged_nanos: int
    returned_nanos: int
    recorded: int
    duplicates: int
    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do for one source (token) at one time."""

    source_id: int
    what: Authorization | LeaseOrder | Settlement
    now: datetime


Done: TypeAlias = Answered | Leased | Settled


def expiry(now: datetime, seconds: int) -> datetime:
    return now + timedelta(seconds=seconds)
