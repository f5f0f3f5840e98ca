"""Commands about the books: `migrate`, `check`, `rebuild`."""

from __future__ import annotations

import typer

from bot.cli.tokens import operator, with_books
from bot.settings import load_settings
from bot.wiring import migrate as bring_up_to_date
from bot.wiring import system_clock
from core.services.keep_books import check_books, rebuild_books
from core.services.read_audit import trail
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(migrate)
    app.command()(check)
    app.command()(rebuild)


def migrate() -> None:
    """Bring the database to the newest schema."""
    bring_up_to_date(load_settings().outlay_database_url)
    print("the database is up to date")  # noqa: T201


def check() -> None:
    """Compare journal, hourly and daily spend to the nano, and verify the audit chain."""

    async def work(uow: UnitOfWork) -> tuple[bool, int | None, int]:
        agreement, audit = await check_books(uow), await trail(uow, None, limit=1)
        for name, (requests, nanos, _) in (
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
