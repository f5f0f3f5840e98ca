"""The Monday digest on the clock of those who read it: a Slack channel has no time zone, its envelopes' owners have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.services.write_digest import digest_owners, monday_due, write_digest
from core.store.unit_of_work import UnitOfWork

ZoneOf = Callable[[str], Awaitable[ZoneInfo]]
"""Which clock a person (Slack user id) reads; never fails."""


async def post_digests(uow: UnitOfWork, zone_of: ZoneOf | None, *, now: datetime) -> bool:
    """Write the digests of channels where it is Monday from nine on, once a channel and Monday; whether there were any."""
    if not _is_monday_somewhere(now):
        return False
    due: dict[date, list[str]] = {}
    for channel, owners in (await digest_owners(uow)).items():
        zone = channel_zone([await zone_of(owner) for owner in owners], uow.zone) if zone_of else uow.zone
        if monday := monday_due(now, zone):
            due.setdefault(monday, []).append(channel)
    written = [await write_digest(uow, monday=monday, now=now, channels=some) for monday, some in due.items()]
    return sum(written) > 0


def channel_zone(zones: Iterable[ZoneInfo], otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of most envelopes' owners; where two are as frequent the books' own if it is one of them, else the first
    by name, so that every replica finds the same."""
    counted = Counter(zone.key for zone in zones)
    if not counted:
        return otherwise
    most = max(counted.values())
    tied = sorted(key for key, count in counted.items() if count == most)
    return otherwise if otherwise.key in tied else ZoneInfo(tied[0])


def _is_monday_somewhere(now: datetime) -> bool:
    """Zones reach from UTC−12 to UTC+14."""
    return any((now + timedelta(hours=ahead)).weekday() == 0 for ahead in (-12, 14))
