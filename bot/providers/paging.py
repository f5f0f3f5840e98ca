"""Following a report's cursor from page to page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from core.errors import Unreadable
from core.intake.record import Taken

MAX_PAGES: Final = 2_000
"""Pages of one window: two million rows at Anthropic's thousand a page."""


async def followed(
    ask: Callable[[list[tuple[str, str]]], Awaitable[Taken]], *, report: str
) -> AsyncGenerator[Taken, None]:
    """Every page, the first asked for without a cursor. Raises Unreadable when the pages do not end."""
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        taken = await ask([("page", cursor)] if cursor else [])
        yield taken
        cursor = taken.next_page
        if cursor is None:
            return
        if cursor in seen or len(seen) >= MAX_PAGES:
            raise Unreadable(f"{report} turns in circles: its pages do not end.")
        seen.add(cursor)
