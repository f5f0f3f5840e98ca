"""`outlay pull`: read what a provider counted and charged, and hold it against the books."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from bot.cli.tokens import with_books
from bot.settings import load_settings
from bot.wiring import system_clock
from core.coverage import Dimension, Doubt, Outside
from core.money import decimal_string, usd
from core.pulling import DAY, SourceRole
from core.services.pull_usage import Pulled, pull_usage
from core.services.read_coverage import ReadCoverage, read_coverage
from core.store.unit_of_work import UnitOfWork

_COMPARED: Final = 31 * DAY
_SHOWN: Final = 5
_NAMES: Final = {
    Dimension.PROJECT: "project", Dimension.API_KEY: "API key", Dimension.MODEL: "model", Dimension.DAY: "day",
}  # fmt: skip


class PulledProvider(StrEnum):
    """Providers with a usage and a cost API that is pulled."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(pull)


def pull(
    provider: Annotated[PulledProvider, typer.Argument(help="Whose reports to read.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Read from this UTC day on, even if it was read before."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Read a provider's usage and cost reports. They check the books and are never added to spend.

    Goes on from where the last pull ended; the last three days are read again, because they can still grow.
    """
    from bot.pulling import reports_of

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    started = since.replace(tzinfo=UTC) if since else None

    async def work(uow: UnitOfWork) -> tuple[tuple[Pulled, ...], ReadCoverage | None]:
        async with reports_of(load_settings(), provider.value, system_clock) as api:
            with console.status(f"reading {provider.value}") as status:
                done = await pull_usage(
                    uow, api, clock=system_clock, since=started,
                    moved=lambda one: status.update(
                        f"reading {provider.value}/{one.report}: {one.buckets:,} rows until {one.ends_at:%Y-%m-%d}"
                    ),
                )  # fmt: skip
        today = system_clock().date()
        first = min(today - _COMPARED, started.date() if started else today)
        return done, await read_coverage(uow, provider.value, first_on=first, last_on=today)

    done, found = with_books(work)
    if as_json:
        print(json.dumps(as_data(provider.value, done, found)))  # noqa: T201 - alone on stdout
    else:
        for line in described(provider.value, done, found):
            console.print(line)
    if any(not one.is_whole for one in done):
        raise typer.Exit(1)


def described(provider: str, done: tuple[Pulled, ...], found: ReadCoverage | None) -> list[str]:
    """What was pulled and what it says about the books, in lines for a person."""
    lines = []
    for one in done:
        read = f"{one.buckets:,} rows, {one.starts_at:%Y-%m-%d} to {one.ends_at - DAY:%Y-%m-%d}"
        lines.append(f"{provider}/{one.report}: " + (read if one.ends_at > one.starts_at else "nothing read"))
        if one.problem:
            lines.append(f"  {one.problem}")
    if found is None:
        return [*lines, "Nothing to compare yet: days are compared once they can no longer grow."]
    coverage = found.coverage
    days = f"{found.first_on:%Y-%m-%d} to {found.last_on:%Y-%m-%d}"
    theirs, ours = coverage.theirs, coverage.ours
    if coverage.token_share is None:
        lines.append(f"{days}: {provider} counted no tokens; the books know {ours.tokens:,}.")
    else:
        lines.append(f"{days}: the books know {coverage.token_share:.1%} of {provider}'s {theirs.tokens:,} tokens.")
    if theirs.nanos is not None:
        lines.append(f"  {provider} charged {usd(theirs.nanos)}; the books say {usd(ours.nanos or 0)}.")
    for dimension in (Dimension.PROJECT, Dimension.API_KEY):
        lines += _gaps(coverage.split(dimension).outside(), provider)
    lines += [_doubt(doubt, provider) for doubt in coverage.doubts[:_SHOWN]]
    return lines


def _gaps(gaps: Sequence[Outside], provider: str) -> list[str]:
    """What is outside for sure, line by line; what only may be, in one line, since it says more about the labels."""
    sure = [gap for gap in gaps if gap.is_sure]
    lines = [_outside(gap) for gap in sure[:_SHOWN]]
    if open_ones := [gap for gap in gaps if not gap.is_sure and gap.value]:
        name = _NAMES[open_ones[0].dimension]
        lines.append(
            f"  {len(open_ones):,} more may be outside: events without {provider}'s {name} id leave open which {name}s they belong to"
        )
    return lines


def _outside(gap: Outside) -> str:
    name = _NAMES[gap.dimension]
    place = f"{name} {gap.value}" if gap.value else f"no {name}"
    tokens = (
        f"{gap.most_tokens:,}"
        if gap.least_tokens == gap.most_tokens
        else f"{gap.least_tokens:,} to {gap.most_tokens:,}"
    )
    cost = f", up to {usd(gap.most_nanos)}" if gap.most_nanos is not None else ""
    return f"  outside the books: {place}: {tokens} tokens{cost}"


def _doubt(doubt: Doubt, provider: str) -> str:
    place = f"{_NAMES[doubt.dimension]} {doubt.value or 'not named'}"
    if doubt.ratio is None:
        return f"  doubtful: {place}: {doubt.excess_tokens:,} tokens in the books, of which {provider} knows nothing"
    why = f"everything seems to count {doubt.times} times" if doubt.times else "some of it may count twice"
    return f"  doubtful: {place}: the books have {doubt.ratio:.2f} times what {provider} counted; {why}"


def as_data(provider: str, done: tuple[Pulled, ...], found: ReadCoverage | None) -> dict[str, Any]:
    """The same for programs. Shares are 0–1, dollars decimal strings, days UTC."""
    return {
        "provider": provider,
        "role": SourceRole.CHECKS,
        "reports": [
            {
                "report": one.report, "from": one.starts_at.date().isoformat(), "until": one.ends_at.date().isoformat(),
                "rows": one.buckets, "pages": one.pages, "complete": one.is_whole, "problem": one.problem,
            }
            for one in done
        ],
        "coverage": coverage_data(found) if found else None,
    }  # fmt: skip


def coverage_data(found: ReadCoverage) -> dict[str, Any]:
    coverage = found.coverage
    return {
        "first_on": found.first_on.isoformat(), "last_on": found.last_on.isoformat(),
        "token_share": coverage.token_share, "request_share": coverage.request_share,
        "dollar_share": coverage.dollar_share,
        "provider_tokens": coverage.theirs.tokens, "books_tokens": coverage.ours.tokens,
        "provider_requests": coverage.theirs.requests, "books_requests": coverage.ours.requests or 0,
        "provider_usd": _dollars(coverage.theirs.nanos), "books_usd": _dollars(coverage.ours.nanos or 0),
        "outside": [
            {
                "dimension": gap.dimension, "value": gap.value, "least_tokens": gap.least_tokens,
                "most_tokens": gap.most_tokens, "most_usd": _dollars(gap.most_nanos),
            }
            for dimension in (Dimension.PROJECT, Dimension.API_KEY)
            for gap in coverage.split(dimension).outside()
        ],
        "doubts": [
            {
                "dimension": doubt.dimension, "value": doubt.value, "excess_tokens": doubt.excess_tokens,
                "ratio": doubt.ratio, "times": doubt.times,
            }
            for doubt in coverage.doubts
        ],
    }  # fmt: skip


def _dollars(nanos: int | None) -> str | None:
    return None if nanos is None else decimal_string(nanos)
