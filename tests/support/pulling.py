"""Pulling in tests: clients of the stand-in, a clock that moves, and what the books kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from bot.providers.anthropic import AnthropicReports
from bot.providers.http import Patience
from bot.providers.openai import OpenAIReports
from core.services.pull_usage import Pulled, pull_usage
from core.store.source_tables import BucketRow
from core.store.unit_of_work import UnitOfWork
from tests.support.provider_api import ANTHROPIC_KEY, OPENAI_KEY, ProviderApi

TODAY: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HASTY: Final = Patience(attempts=3, first_seconds=0.01, longest_seconds=0.02, retry_after_seconds=2, timeout_seconds=5)
_BUCKETS: Any = BucketRow.__table__  # type: ignore[attr-defined]


class Clock:
    """A clock that stands until it is moved, but for a millisecond at every look."""

    def __init__(self, at: datetime = TODAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def day(number: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


async def pull(
    uow: UnitOfWork, api: ProviderApi, provider: str = "openai", *, clock: Callable[[], datetime] | None = None,
    key: str | None = None, **options: Any,
) -> dict[str, Pulled]:  # fmt: skip
    """Pull everything of a provider from the stand-in; by report."""
    clock = clock or Clock()
    client: OpenAIReports | AnthropicReports
    if provider == "openai":
        client = OpenAIReports(key or OPENAI_KEY, clock=clock, base_url=api.openai_url, patience=HASTY)
    else:
        client = AnthropicReports(key or ANTHROPIC_KEY, clock=clock, base_url=api.url, patience=HASTY)
    try:
        return {one.report: one for one in await pull_usage(uow, client, clock=clock, **options)}
    finally:
        await client.close()


async def kept_tokens(uow: UnitOfWork) -> dict[date, int]:
    """Tokens per UTC day of all pulled counts; days without any are absent."""
    days: dict[date, int] = defaultdict(int)
    for row in await kept(uow):
        days[row.starts_at.date()] += row.input_tokens + row.output_tokens
    return {one: tokens for one, tokens in days.items() if tokens}


async def kept_nanos(uow: UnitOfWork) -> int:
    return sum(row.cost_nanos or 0 for row in await kept(uow))


async def kept(uow: UnitOfWork) -> list[Any]:
    """Every pulled row, in no particular order."""
    async with uow.read() as tx:
        return list(await tx.connection.execute(select(_BUCKETS)))
