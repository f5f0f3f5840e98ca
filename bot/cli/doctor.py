"""`outlay doctor`: what is wrong, why it matters, and the line that mends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from bot.doctor import examine
from bot.settings import load_settings
from bot.wiring import system_clock
from core.checkup import Finding, Grade, worst
from core.errors import SettingsProblem

_EXITS: Final = {Grade.FINE: 0, Grade.NOTE: 0, Grade.WARNING: 1, Grade.BROKEN: 2}
_MARKS: Final = {Grade.FINE: "fine", Grade.NOTE: "note", Grade.WARNING: "WARN", Grade.BROKEN: "BROKEN"}
_STYLES: Final = {Grade.FINE: "green", Grade.NOTE: "cyan", Grade.WARNING: "yellow", Grade.BROKEN: "red"}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON, for a monitor.")] = False,
) -> None:
    """Look at tokens, scopes, database, clock, prices, sources and channels; changes nothing. Exit code: 0 fine, 1 warnings, 2 broken."""
    try:
        findings: Sequence[Finding] = asyncio.run(examine(load_settings(), now=system_clock()))
    except SettingsProblem as problem:
        findings = [
            Finding(
                "settings",
                Grade.BROKEN,
                problem.message,
                "Outlay does not start with it.",
                "edit .env   (.env.example explains each)",
            )
        ]
    if as_json:
        print(json.dumps([_plain(one) for one in findings], ensure_ascii=False, indent=2))  # noqa: T201
    else:
        _show(findings)
    raise typer.Exit(_EXITS[worst(findings)])


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check, "grade": finding.grade.name.lower(), "what": finding.what, "why": finding.why, "mend": finding.mend,
    }  # fmt: skip


def _show(findings: Sequence[Finding]) -> None:
    """What is fine in a line each, then what is not, the gravest last: there the eye ends up."""
    for one in sorted(findings, key=lambda found: found.grade):
        typer.secho(f"{_MARKS[one.grade]:<7}", fg=_STYLES[one.grade], nl=False)
        typer.echo(f" {one.check}: {one.what}")
        if one.why:
            typer.echo(f"        {one.why}")
        if one.mend:
            typer.echo(f"        → {one.mend}")
    count = sum(one.grade >= Grade.WARNING for one in findings)
    typer.echo(
        f"\n{len(findings)} checks, {count} to mend." if count else f"\n{len(findings)} checks, nothing to mend."
    )
