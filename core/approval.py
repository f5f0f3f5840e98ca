"""Who may do what: one table of authority, and the bounds of what a sponsor may grant. Pure.

Roles come from the envelope and from the workspace's finance list, and are read again in the transaction that acts; what a
button or a form says of itself is never authority.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from core.errors import OutOfRange
from core.money import usd

LEAST_GRANT: Final = 10_000_000
"""A cent: what an amount is shown in."""
MAX_REASON: Final = 300


class Role(StrEnum):
    """What somebody is to an envelope. `TEAM` is on the workspace's finance list, `ANYONE` is everybody."""

    OWNER = "owner"
    FINANCE = "finance partner"
    SPONSOR = "sponsor"
    DEPUTY = "deputy"
    TEAM = "finance team"
    ANYONE = "anyone"


class Act(StrEnum):
    """What can be done, in words that go behind “can”."""

    LOOK = "look at it"
    CHANGE_ENVELOPE = "change the envelope"
    CHANGE_WORKLOAD = "change the rules and plans"
    KEEP_BOOKS = "set prices, tags and reports"
    DECIDE_RAISE = "decide on more room"
    ASK_FOR_MORE = "ask for more"
    DRAW_HOLDBACK = "draw the holdback"
    GRANT = "grant more"
    KEEP_DEGRADED = "keep it degraded"
    STOP = "stop it"
    DECLINE = "decline"
    LIFT_DEGRADATION = "undo the degradation"
    LIFT_STOP = "let it go on"
    END_GRANT = "end a grant early"
    ACKNOWLEDGE = "acknowledge a breach"


_STEWARDS: Final = frozenset({Role.OWNER, Role.FINANCE, Role.TEAM})
_DECIDERS: Final = frozenset({Role.SPONSOR, Role.DEPUTY})
AUTHORITY: Final[Mapping[Act, frozenset[Role]]] = {
    Act.LOOK: frozenset({Role.ANYONE}),
    Act.CHANGE_ENVELOPE: _STEWARDS,
    Act.CHANGE_WORKLOAD: _STEWARDS,
    Act.KEEP_BOOKS: frozenset({Role.TEAM}),
    Act.DECIDE_RAISE: _DECIDERS,
    Act.ASK_FOR_MORE: frozenset({Role.OWNER}),
    Act.DRAW_HOLDBACK: frozenset({Role.OWNER}),
    Act.GRANT: _DECIDERS,
    Act.KEEP_DEGRADED: _DECIDERS,
    Act.STOP: _DECIDERS,
    Act.DECLINE: _DECIDERS,
    # Lifting it spends what the sponsor agreed to already, but whoever spends it does not decide on that.
    Act.LIFT_DEGRADATION: _DECIDERS | {Role.FINANCE, Role.TEAM},
    Act.LIFT_STOP: _DECIDERS,
    Act.END_GRANT: _DECIDERS,
    Act.ACKNOWLEDGE: _STEWARDS | _DECIDERS,
}
NEVER_THE_OWNER: Final = frozenset(
    {Act.DECIDE_RAISE, Act.GRANT, Act.KEEP_DEGRADED, Act.STOP, Act.DECLINE, Act.LIFT_DEGRADATION, Act.LIFT_STOP}
)
"""Where being the owner rules somebody out, whatever else they are: the finance partner may be the same person."""


def may(roles: Collection[Role], act: Act) -> bool:
    """Whether somebody with these roles may do it."""
    if act in NEVER_THE_OWNER and Role.OWNER in roles:
        return False
    return bool(AUTHORITY[act] & ({Role.ANYONE} | set(roles)))


def most_grantable(lasting_nanos: int, size_nanos: int, spent_nanos: int) -> int:
    """The most that one grant may bring: one more envelope on top of what is overspent.

    Whoever needs more than that needs a larger envelope, which is a change that lasts and is asked for with `set`.
    """
    return lasting_nanos + max(0, spent_nanos - size_nanos)


def checked_grant(nanos: int, *, most_nanos: int) -> int:
    """The amount if it can be granted. Raises OutOfRange."""
    if nanos < LEAST_GRANT:
        raise OutOfRange("A grant is at least $0.01.")
    if nanos > most_nanos:
        raise OutOfRange(
            f"{usd(nanos)} is more than one grant may bring here: up to {usd(most_nanos)}, one more envelope beyond what is "
            "overspent. For more, the envelope itself has to be raised."
        )
    return nanos


def checked_until(until: date, *, today: date, last_on: date) -> date:
    """The last day of a grant if it lies in this cycle. Raises OutOfRange."""
    if until < today:
        raise OutOfRange(f"{until.isoformat()} is over. A grant lasts at least until the end of today.")
    if until > last_on:
        raise OutOfRange(f"A grant ends with the month at the latest: {last_on.isoformat()}.")
    return until


def checked_reason(reason: str) -> str:
    """The reason, trimmed, on one line. Raises OutOfRange when it says nothing or too much."""
    words = " ".join(reason.split())
    if len(words) < 3:
        raise OutOfRange("Give a reason: it is what the sponsor and the audit read.")
    if len(words) > MAX_REASON:
        raise OutOfRange(f"The reason has {len(words):,} characters; {MAX_REASON} are kept. Make it shorter.")
    return words
