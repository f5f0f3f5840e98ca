"""Commands about the books: `migrate`, `check`, `rebuild`, `release`."""

from __future__ import annotations

import typer

from bot.cli.tokens import operator, with_books
from bot.settings import load_settings
from bot.wiring import migrate as bring_up_to_date
from bot.wiring import system_clock
from core.services.keep_books import check_books, rebuild_books
from core.services.read_audit import trail
from core.services.release_events import Release, release_events, sweep_released
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(migrate)
    app.command()(check)
    app.command()(rebuild)
    app.command()(release)


def migrate() -> None:
    """Bring the database to the newest schema."""
    bring_up_to_date(load_settings().outlay_database_url)
    print("the database is up to date")  # noqa: T201


def check() -> None:
    """Compare journal, hourly and daily spend to the nano, and verify the audit chain."""

    async def work(uow: UnitOfWork) -> tuple[bool, int | None, int]:
        agreement, audit = await check_books(uow), await trail(uow, None, limit=1)
        for name, (requests, nanos, _) in (
            *((("let go", agreement.released),) if any(agreement.released) else ()),
            ("events", agreement.events),
            ("hourly", agreement.hourly),
            ("daily", agreement.daily),
        ):
            print(f"{name:<7}{requests:>16,} requests {nanos:>24,} nanos")  # noqa: T201
        return agreement.holds, audit.broken_at, audit.total

    holds, broken_at, total = with_books(work)
    print("the books agree" if holds else "the books disagree; `outlay rebuild` makes the projections anew")  # noqa: T201
    print(f"audit: {total} entries, " + ("chain whole" if broken_at is None else f"chain broken at entry {broken_at}"))  # noqa: T201
    if not holds or broken_at is not None:
        raise typer.Exit(1)


def rebuild() -> None:
    """Make hourly and daily spend anew from the journal, in the time zone now set."""

    async def work(uow: UnitOfWork) -> bool:
        return (await rebuild_books(uow, by=operator(), now=system_clock())).holds

    holds = with_books(work, to_rebuild=True)
    print("rebuilt; the books agree" if holds else "rebuilt, but the books still disagree")  # noqa: T201
    if not holds:
        raise typer.Exit(1)


def release() -> None:
    """Let go of the single events of months that are older than OUTLAY_KEEP_EVENTS_DAYS, as happens every night. Sums stay."""
    keep_days = load_settings().outlay_keep_events_days

    async def work(uow: UnitOfWork) -> tuple[tuple[Release, ...], int]:
        released = await release_events(uow, keep_days=keep_days, by=operator(), now=system_clock())
        return released, await sweep_released(uow)

    released, swept = with_books(work)
    for one in released:
        told = "kept: " + one.kept_because if one.kept_because else f"let go, {one.came_to[0]:,} requests"
        print(f"{one.month}  {told}")  # noqa: T201
    if not released:
        print("no month is old enough" if keep_days else "OUTLAY_KEEP_EVENTS_DAYS is 0: everything is kept")  # noqa: T201
    if swept:
        print(f"cleared up {swept:,} rows")  # noqa: T201
    if any(one.kept_because for one in released):
        raise typer.Exit(1)
