"""OpenAI's Usage and Costs APIs (package openai 3.54, November 2026), a day a bucket.

Usage says how much, Costs what it cost: OpenAI itself says that they may differ and that Costs agrees with the invoice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Final

from bot.providers.http import NotServed, OrganizationApi, Patience
from bot.providers.paging import followed
from core.intake import openai as intake
from core.intake.record import Taken
from core.pulling import Window

BASE_URL: Final = "https://api.openai.com/v1"
KEY_VARIABLE: Final = "OPENAI_ADMIN_KEY"
COSTS: Final = "costs"

_GROUPS: Final = {
    "completions": ("project_id", "api_key_id", "model", "batch", "service_tier"),
    "embeddings": ("project_id", "api_key_id", "model"),
    "images": ("project_id", "api_key_id", "model"),
    "audio_speeches": ("project_id", "api_key_id", "model"),
    "audio_transcriptions": ("project_id", "api_key_id", "model"),
    COSTS: ("project_id", "line_item", "api_key_id"),
}
"""What each report is split by. Left out on purpose: moderations are free and would look like usage that nobody sees;
web and file searches repeat the requests of completions, and their fees are in the costs."""

_MAX_DAYS: Final = {COSTS: 180}
_MAX_USAGE_DAYS: Final = 31


class OpenAIReports:
    """OpenAI's reports for `pull_usage`. Has to be closed."""

    provider = intake.PROVIDER
    reports = tuple(_GROUPS)

    def __init__(
        self,
        admin_key: str,
        *,
        clock: Callable[[], datetime],
        base_url: str = BASE_URL,
        patience: Patience | None = None,
    ) -> None:
        self._api = OrganizationApi(
            "OpenAI", base_url, headers={"Authorization": f"Bearer {admin_key}"}, key_variable=KEY_VARIABLE,
            patience=patience, clock=clock,
        )  # fmt: skip

    async def close(self) -> None:
        await self._api.close()

    def earliest(self, now: datetime) -> datetime | None:
        """No bound is documented."""
        return None

    async def pages(self, report: str, window: Window) -> AsyncGenerator[Taken, None]:
        """Every page of some days. Raises KeyRefused, Unavailable, Unreadable."""
        path = f"organization/{report}" if report == COSTS else f"organization/usage/{report}"
        query = [
            ("start_time", str(int(window.starts_at.timestamp()))),
            ("end_time", str(int(window.ends_at.timestamp()))),
            ("bucket_width", "1d"),
            ("limit", str(_MAX_DAYS.get(report, _MAX_USAGE_DAYS))),
            *(("group_by[]", group) for group in _GROUPS[report]),
        ]

        async def ask(cursor: list[tuple[str, str]]) -> Taken:
            return await asyncio.to_thread(intake.read, await self._api.get(path, [*query, *cursor]))

        try:
            async for taken in followed(ask, report=f"OpenAI's {report}"):
                yield taken
        except NotServed as refused:
            raise refused.refusal from None
