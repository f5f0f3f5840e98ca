"""Anthropic's usage and cost: the Analytics API, or the older Admin API where an organization does not have it yet.

Analytics (beta since 2026-10-29) tells requests, keys and discounts, and is what Anthropic recommends. The Admin reports
tell no requests, split cost by workspace only, and leave the cost of the Priority Tier out. A window never mixes the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.providers.http import NotServed, OrganizationApi, Patience
from bot.providers.paging import followed
from core.intake import anthropic as intake
from core.intake.record import Taken
from core.pulling import DAY, Window, midnight

BASE_URL: Final = "https://api.anthropic.com"
KEY_VARIABLE: Final = "ANTHROPIC_ADMIN_KEY"
MESSAGES: Final = "messages"
COSTS: Final = "costs"
VERSION: Final = "2023-06-01"
ANALYTICS_BETA: Final = {"anthropic-beta": "analytics-usage-cost-2026-08-24"}
OLDER: Final = (
    "read from the older Admin API: without requests, without cost per key and without the Priority Tier's cost"
)

_ANALYTICS_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ANALYTICS_REACH: Final = timedelta(days=365)
_MAX_ROWS: Final = 1000
_MAX_DAYS: Final = 31

_ANALYTICS: Final = {
    MESSAGES: ("usage", ("model", "workspace_id", "api_key_id", "service_tier", "context_window")),
    COSTS: ("cost", ("model", "workspace_id", "api_key_id", "service_tier", "cost_type", "token_type")),
}
"""Path and groups; at most five, of which `cost_type` and `token_type` are not counted."""
_ADMIN: Final = {
    MESSAGES: ("usage_report/messages", ("model", "workspace_id", "api_key_id", "service_tier", "context_window")),
    COSTS: ("cost_report", ("workspace_id", "description")),
}


class AnthropicReports:
    """Anthropic's reports for `pull_usage`. Has to be closed. Which of the two APIs is used is found out by asking."""

    provider = intake.PROVIDER
    reports = (MESSAGES, COSTS)

    def __init__(
        self,
        admin_key: str,
        *,
        clock: Callable[[], datetime],
        base_url: str = BASE_URL,
        patience: Patience | None = None,
    ) -> None:
        self._api = OrganizationApi(
            "Anthropic", base_url, headers={"x-api-key": admin_key, "anthropic-version": VERSION},
            key_variable=KEY_VARIABLE, patience=patience, clock=clock,
        )  # fmt: skip
        self._has_analytics = True

    async def close(self) -> None:
        await self._api.close()

    def earliest(self, now: datetime) -> datetime | None:
        """Analytics reaches back 365 days, and not before 2026."""
        return max(_ANALYTICS_BEGAN, midnight(now - _ANALYTICS_REACH) + DAY)

    async def pages(self, report: str, window: Window) -> AsyncGenerator[Taken, None]:
        """Every page of some days. Raises KeyRefused, Unavailable, Unreadable."""
        if self._has_analytics:
            begun = False
            try:
                async for taken in self._analytics(report, window):
                    begun = True
                    yield taken
                return
            except NotServed as refused:
                if begun:
                    # The rows of the other API would come on top of those that were handed out.
                    raise refused.refusal from None
                self._has_analytics = False
        try:
            async for taken in self._admin(report, window):
                taken.problems.append(OLDER)
                yield taken
        except NotServed as refused:
            raise refused.refusal from None

    def _analytics(self, report: str, window: Window) -> AsyncGenerator[Taken, None]:
        path, groups = _ANALYTICS[report]
        query = [
            *_days(window), ("time_bucket_width", "1d"), ("order_by", "time"), ("order", "asc"),
            ("limit", str(_MAX_ROWS)), *_grouped(groups),
        ]  # fmt: skip
        return self._followed(f"v1/organizations/analytics/{path}", query, ANALYTICS_BETA, report)

    def _admin(self, report: str, window: Window) -> AsyncGenerator[Taken, None]:
        path, groups = _ADMIN[report]
        query = [*_days(window), ("bucket_width", "1d"), ("limit", str(_MAX_DAYS)), *_grouped(groups)]
        return self._followed(f"v1/organizations/{path}", query, {}, report)

    def _followed(
        self, path: str, query: list[tuple[str, str]], headers: dict[str, str], report: str
    ) -> AsyncGenerator[Taken, None]:
        async def ask(cursor: list[tuple[str, str]]) -> Taken:
            body = await self._api.get(path, [*query, *cursor], headers=headers)
            return await asyncio.to_thread(intake.read, body)

        return followed(ask, report=f"Anthropic's {report}")


def _days(window: Window) -> list[tuple[str, str]]:
    return [("starting_at", _rfc3339(window.starts_at)), ("ending_at", _rfc3339(window.ends_at))]


def _grouped(groups: Iterable[str]) -> list[tuple[str, str]]:
    return [("group_by[]", group) for group in groups]


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
