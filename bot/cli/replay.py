"""`outlay replay WORKLOAD --soft 80% --hard 100%`: which alerts thresholds would have sent over past months."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bot.cli.tokens import with_books
from bot.wiring import system_clock
from core.money import decimal_string, parse_amount, parse_share
from core.replay import Replay, Verdict
from core.services.replay_thresholds import Replays, replay_thresholds
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(name="replay")(replay)


def replay(
    workload: Annotated[str, typer.Argument(help="The workload's name.")],
    soft: Annotated[
        str | None, typer.Option(help="Share of the envelope, like 80%; as in force where left out.")
    ] = None,
    hard: Annotated[str | None, typer.Option(help="Share of the envelope, like 100%.")] = None,
    amount: Annotated[str | None, typer.Option(help="Another size than the envelope's, like $4k.")] = None,
) -> None:
    """Print, as JSON, which alerts these thresholds would have sent over past months: true, false, late, missed."""

    async def work(uow: UnitOfWork) -> Replays:
        return await replay_thresholds(
            uow, workload, soft=parse_share(soft) if soft else None, hard=parse_share(hard) if hard else None,
            nanos=parse_amount(amount) if amount else None, now=system_clock(),
        )  # fmt: skip

    found = with_books(work)
    shown = {"workload": found.workload, **_shown(found.proposed)}
    if found.in_force:
        shown["in_force"] = _shown(found.in_force)
    print(json.dumps(shown, indent=2))  # noqa: T201


def _shown(found: Replay) -> dict[str, Any]:
    return {
        "size_usd": decimal_string(found.size_nanos), "soft_share": found.soft_bp / 10_000, "hard_share": found.hard_bp / 10_000,
        **{verdict.value: found.count(verdict) for verdict in Verdict}, "over_usd": decimal_string(found.over_nanos),
        "months": [
            {
                "month": str(month.cycle), "total_usd": decimal_string(month.total_nanos), "verdict": month.verdict.value,
                "soft_on": month.soft_on.isoformat() if month.soft_on else None, "by_forecast": month.by_forecast,
                "hard_on": month.hard_on.isoformat() if month.hard_on else None,
                "room_usd": decimal_string(month.room_nanos), "over_usd": decimal_string(month.over_nanos),
            }
            for month in found.months
        ],
    }  # fmt: skip
