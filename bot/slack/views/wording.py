"""Sentences that several messages share: counts, lists, states, and how far the numbers can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack.views.mrkdwn import channel, code, name, person, when
from core.envelope import State, Terms
from core.money import usd
from core.standing import Freshness

STRAIGHT_LINE: Final = (
    "Run-rate is a straight line: the complete days so far, stretched over the whole month. It is not a forecast."
)
STALE: Final = timedelta(hours=24)

_STATES: Final = {
    State.WITHIN: "○ within",
    State.WARNED: "◐ past soft",
    State.GRANTED: "◇ granted",
    State.DEGRADED: "● degraded",
    State.STOPPED: "■ stopped",
}


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 request`, `1,204 requests`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int = 3, word: str = "and") -> str:
    """`a`, `a and b`, `a, b and 4 more`; the items are already escaped. `most` ≥ 1; `word` joins the last."""
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most:,} more"
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def goes_on(granted: Sequence[str]) -> str:
    """For workloads that a sponsor gave more, already escaped: neither past a threshold nor within as it was set."""
    return f"{listed(granted)} {'goes' if len(granted) == 1 else 'go'} on with what was granted."


def state_text(state: State | None) -> str:
    """A mark and its meaning, so that neither colour nor the mark alone carries it."""
    return _STATES[state] if state else "– no envelope"


def age(span: timedelta) -> str:
    """`just now`, `4 minutes ago`, `3 hours ago`, `2 days ago`; whole units, rounded down."""
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{plural(seconds // size, unit)} ago"
    return "just now"


def freshness_line(freshness: Freshness, reader: ZoneInfo) -> str:
    """Up to when usage is counted, and a plain warning where that is long ago."""
    latest = freshness.latest_usage_at
    if latest is None:
        return "No usage has arrived yet."
    behind = freshness.as_of - latest
    if behind > STALE:
        since = f"{when(latest, reader)}, {age(behind)}"
        return f"The latest usage is from {since}. The numbers may be behind; check its source."
    return f"Usage counted up to {when(latest, reader)} ({age(behind)})."


def unpriced_line(freshness: Freshness) -> str | None:
    """What is missing from the sums because no price is known, and the way out; None where everything is priced."""
    if not freshness.unpriced_requests:
        return None
    on = f" on {listed([name(model, 60) for model in freshness.unpriced_models])}" if freshness.unpriced_models else ""
    have = "has no price; its cost is" if freshness.unpriced_requests == 1 else "have no price; their cost is"
    first = freshness.unpriced_models[0] if freshness.unpriced_models else "MODEL"
    line = code(f"/budget price {first} input=1.25 output=10")
    return f"*{plural(freshness.unpriced_requests, 'request')}{on} {have} missing here.* Finance sets one with {line}"


def people_line(terms: Terms) -> str:
    """Who answers for an envelope, and where it is talked about."""
    people = terms.people
    parts = [f"Owner {person(people.owner)}", f"finance {person(people.finance)}", f"sponsor {person(people.sponsor)}"]
    if people.deputy:
        parts.append(f"deputy {person(people.deputy)}")
    return " · ".join([*parts, channel(terms.channel)])


def past_hard(terms: Terms) -> str:
    """What happens past the hard threshold, escaped."""
    return name(str(terms.degrade)) if terms.degrade else "no degradation"


def quiet_words(terms: Terms) -> str:
    """The hours in which soft alerts wait."""
    return terms.quiet.words if terms.quiet else "none"


def terms_figures(terms: Terms, size_nanos: int) -> list[tuple[str, str]]:
    """Thresholds in percent and dollars, and what an envelope has beside them, as label and value pairs."""

    def part(of: float) -> str:
        return f"{share(of)} = {usd(round(size_nanos * of))}"

    rows = [("Soft threshold", part(terms.soft_share)), ("Hard threshold", part(terms.hard_share))]
    if terms.holdback:
        rows.append(("Holdback", part(terms.holdback)))
    if terms.degrade:
        rows.append(("Past hard", past_hard(terms)))
    if terms.quiet:
        rows.append(("Quiet hours", quiet_words(terms)))
    return rows


def signed_percent(part: float) -> str:
    """`+24.2%`, `−0.7%`, and `0.0%` without a sign for what rounds to nothing."""
    shown = f"{abs(part):.1%}"
    return shown if shown == "0.0%" else f"{'−' if part < 0 else '+'}{shown}"


def counted(requests: int, nanos: int) -> str:
    """`1,204 requests ($310)`; only the requests where none of them has a cost."""
    return f"{plural(requests, 'request')} ({usd(nanos)})" if nanos else plural(requests, "request")


def day(on: date) -> str:
    """`24 Nov 2026`."""
    return f"{on.day} {on:%b %Y}"
