"""What `outlay doctor` makes of the books: schema, sources, tokens, prices, outbox and the room they have; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core.checkup import Finding, Grade, fine
from core.money import usd
from core.source_health import Condition, SourceHealth

PRICES_OLD: Final = timedelta(days=60)
EXPIRES_SOON: Final = timedelta(days=14)
ROOM_SHORT: Final = 2 << 30
ROOM_OUT: Final = 200 << 20
WAL_LARGE: Final = 512 << 20
"""Eight times the size that Outlay cuts its log back to: something keeps reading an old state."""
WAITS_LONG: Final = timedelta(minutes=15)


def on_revision(at: str | None, *, newest: str, known: Collection[str]) -> Finding:
    """Whether the database has the schema of this version; `at` is None for an empty database."""
    if at == newest:
        return fine("schema", f"The schema is the newest, {newest}.")
    if at is None:
        return Finding(
            "schema", Grade.NOTE, "The database is empty.", "The first start makes the schema.", "outlay migrate"
        )
    if at in known:
        return Finding(
            "schema", Grade.WARNING, f"The schema is {at}; this version wants {newest}.",
            "The next start migrates it. Take a backup before.", "outlay migrate",
        )  # fmt: skip
    return Finding(
        "schema", Grade.BROKEN, f"The schema is {at}, which this version does not know.",
        "A newer Outlay made it; this one cannot read it.", "install the newer version again, or restore the backup from before it",
    )  # fmt: skip


def on_zone(kept: str | None, setting: str) -> Finding:
    """Whether the books' days are cut in the time zone of the settings."""
    if kept in (None, setting):
        return fine("time zone", f"Days are cut in {setting}.")
    return Finding(
        "time zone", Grade.BROKEN, f"The books' days are cut in {kept}, but OUTLAY_TIMEZONE is {setting}.",
        "Outlay does not start with it: sums by day would not fit together.",
        f"OUTLAY_TIMEZONE={kept}   (or cut the days anew: outlay rebuild)",
    )  # fmt: skip


def on_prices(newest_on: date, today: date) -> Finding:
    """Whether the list prices are recent; `newest_on` is the day from which the newest of them holds."""
    age = today - newest_on
    if age <= PRICES_OLD:
        return fine("list prices", f"The newest list price holds since {newest_on}, {age.days} days ago.")
    return Finding(
        "list prices", Grade.WARNING, f"The newest list price holds since {newest_on}, {age.days} days ago; lists change monthly.",
        "Newer models are unpriced, and a price that changed since is wrong in the books.",
        "pip install --upgrade outlay   (or set a price: /budget price PROVIDER MODEL input=… output=…)",
    )  # fmt: skip


def on_unpriced(models: Sequence[tuple[str, int]]) -> Finding:
    """Models of this month without a price, as (model, requests), most first."""
    if not models:
        return fine("unpriced models", "Every model of this month has a price.")
    model, requests = models[0]
    more = f" and {len(models) - 1} more" if len(models) > 1 else ""
    return Finding(
        "unpriced models", Grade.WARNING, f"{model} ({requests:,} requests this month){more} has no price.",
        "Its dollars are missing from every sum, and the guard holds the ceiling for it.",
        f"/budget price {model} input=… output=…",
    )  # fmt: skip


def on_sources(sources: Sequence[SourceHealth]) -> list[Finding]:
    """Sources that cannot be believed, one finding each; one that says all are fine otherwise."""
    if not sources:
        return [
            Finding(
                "sources",
                Grade.WARNING,
                "Nothing sends usage yet.",
                "Every sum is zero until something does.",
                "outlay token create my-gateway --scope usage",
            )
        ]
    found = [
        Finding(f"source {one.name}", Grade.WARNING, *_TROUBLES[one.condition]) for one in sources if one.is_alarming
    ]
    return found or [fine("sources", f"{len(sources)} sources, none of them silent, late or guessing.")]


_TROUBLES: Final = {
    Condition.SILENT: (
        "It has been silent for longer than it ever is.", "Spend of the meantime is missing, and nobody is alerted about it.",
        "/budget sources   (then look at the exporter's log)",
    ),
    Condition.REFUSED: (
        "More than one in a hundred of its events are refused.", "What is refused is in no sum.",
        "outlay inspect FILE   (shows the reason for each refusal)",
    ),
    Condition.GUESSING: (
        "More than two in a hundred of its counts are guessed.", "Its dollars are an estimate of an estimate.",
        "/budget sources   (names the setting that makes its counts exact)",
    ),
    Condition.UNPRICED: (
        "It sends models that have no price.", "Their dollars are missing from every sum.",
        "/budget price MODEL input=… output=…",
    ),
    Condition.LATE: (
        "Its usage arrives hours after the call.", "Alerts are as late as it is.", "shorten the exporter's interval",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is not revoked; `expires_at` is aware UTC, None when it never ends."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime | None


def on_tokens(tokens: Sequence[Token], *, capped_nanos: int, now: datetime) -> list[Finding]:
    """Tokens that end soon or have ended, and whether anything asks the guard; `capped_nanos` is the sum of all envelopes."""
    found = []
    for token in tokens:
        if token.expires_at is None or token.expires_at > now + EXPIRES_SOON:
            continue
        scope = ",".join(sorted(token.scopes))
        over = token.expires_at <= now
        effect = "Its requests are denied or its usage refused" if over else "From then on it is shut out"
        found.append(
            Finding(
                f"token {token.name}",
                Grade.BROKEN if over else Grade.WARNING,
                f"It {'ended' if over else 'ends'} on {token.expires_at:%Y-%m-%d}.",
                f"{effect}.",
                f"outlay token create {token.name}-2 --scope {scope}",
            )
        )
    if capped_nanos and not any("guard" in token.scopes for token in tokens):
        found.append(
            Finding(
                "guard tokens",
                Grade.NOTE,
                f"Nothing asks the guard; {usd(capped_nanos)} a month of envelopes only warn.",
                "A runaway is told of, but not held.",
                "outlay token create my-gateway --scope guard   (docs/guard.md)",
            )
        )
    return found or [fine("tokens", f"{len(tokens)} tokens, none of them ends within two weeks.")]


def on_outbox(waiting: int, oldest_at: datetime | None, parked: Mapping[str, int], now: datetime) -> Finding:
    """Whether what has to be told is being told; `parked` counts notices by Slack's reason."""
    if parked:
        reasons = ", ".join(f"{count} × {reason}" for reason, count in sorted(parked.items()))
        return Finding(
            "outbox", Grade.WARNING, f"{sum(parked.values())} notices could not be delivered ({reasons}).",
            "Somebody was not told what they should know.", "mend the channel or token named above, then restart: outlay run",
        )  # fmt: skip
    if oldest_at is not None and now - oldest_at > WAITS_LONG:
        minutes = int((now - oldest_at).total_seconds()) // 60
        return Finding(
            "outbox", Grade.BROKEN, f"{waiting} notices wait, the oldest for {minutes:,} minutes.",
            "Nobody delivers: Outlay is not running, or Slack does not answer it.", "outlay run",
        )  # fmt: skip
    return fine("outbox", f"{waiting} notices wait, none of them for long.")


def on_room(free_bytes: int, log_bytes: int) -> Finding:
    """Room beside a SQLite database, and the size of its write-ahead log."""
    if free_bytes < ROOM_SHORT:
        return Finding(
            "disk", Grade.BROKEN if free_bytes < ROOM_OUT else Grade.WARNING, f"{_size(free_bytes)} are free beside the database.",
            "When nothing is left, usage is refused and nothing is told.",
            "OUTLAY_KEEP_EVENTS_DAYS=100   (then: outlay release), or a larger disk",
        )  # fmt: skip
    if log_bytes > WAL_LARGE:
        return Finding(
            "disk", Grade.WARNING, f"The database's write-ahead log has {_size(log_bytes)}.",
            "Some program reads an old state and keeps it from being folded in; reads become slow.",
            "close other programs that have the database open, then restart: outlay run",
        )  # fmt: skip
    return fine("disk", f"{_size(free_bytes)} are free beside the database.")


def _size(count: int) -> str:
    return f"{count / (1 << 30):,.1f} GB" if count >= 1 << 30 else f"{count / (1 << 20):,.0f} MB"
