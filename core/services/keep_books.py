"""Open the books, check that the projections agree with the journal, and rebuild them when they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import add

from core.errors import SettingsProblem
from core.store.meta_rows import ZONE
from core.store.projections import rebuild, recut
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED, UNATTRIBUTED_ID


@dataclass(frozen=True, slots=True)
class Agreement:
    """Totals of journal, hourly and daily spend: (requests, nanos, output tokens) each.

    `released` is what those events came to that were let go; hours and days still hold them.
    """

    events: tuple[int, int, int]
    hourly: tuple[int, int, int]
    daily: tuple[int, int, int]
    released: tuple[int, int, int] = (0, 0, 0)

    @property
    def holds(self) -> bool:
        together = tuple(map(add, self.events, self.released))
        return together == self.hourly == self.daily


async def open_books(uow: UnitOfWork, *, default_owner: str | None, to_rebuild: bool = False) -> None:
    """Called once at start. Fixes the time zone of the days on first use, and gives the unattributed bucket its owner.

    Raises SettingsProblem when the configured time zone is not the one that the days were cut in, unless `to_rebuild`
    says that they are about to be cut anew.
    """
    async with uow.write() as tx:
        kept = await tx.meta.get(ZONE)
        if kept is None:
            await tx.meta.put(ZONE, uow.zone.key)
        elif kept != uow.zone.key and not to_rebuild:
            raise SettingsProblem(
                f"The books' days are cut in {kept}, but OUTLAY_TIMEZONE is {uow.zone.key}. "
                "Set it back, or stop Outlay and run `outlay rebuild` to cut the days anew."
            )
        bucket = next(known for known in await tx.workloads.all() if known.id == UNATTRIBUTED_ID)
        if bucket.owner is None and default_owner:
            await tx.workloads.set_owner(UNATTRIBUTED_ID, default_owner)


async def check_books(uow: UnitOfWork) -> Agreement:
    """Whether journal, hourly and daily spend agree, to the nano."""
    async with uow.read() as tx:
        totals = await tx.spend.totals()
    return Agreement(totals["events"], totals["hourly"], totals["daily"], totals["released"])


async def rebuild_books(uow: UnitOfWork, *, by: str, now: datetime) -> Agreement:
    """Make the projections anew from the journal, in the time zone now configured; audited."""
    async with uow.write() as tx:
        await tx.audit.append(
            at=now, actor=by, act="rebuilt projections", subject=UNATTRIBUTED, detail={"zone": uow.zone.key}
        )
        await tx.meta.next_version()
        if await tx.meta.get(ZONE) == uow.zone.key:
            await rebuild(tx.connection, uow.zone)
        else:
            await recut(tx.connection, uow.zone)
        await tx.meta.put(ZONE, uow.zone.key)
    return await check_books(uow)
