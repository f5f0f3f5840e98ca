"""Which Home tabs are open, and what they show; with replicas, one of them publishes a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.home_tables import HomePageRow
from core.store.series_rows import insert_ignoring

_PAGES: Any = HomePageRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class HomePage:
    """`shown` is a digest of the published front page."""

    person: str
    shown: str


class HomeRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def opened(self, person: str, shown: str, *, at: datetime) -> None:
        """The front page was published for somebody who opened the tab or came back to it."""
        await self._connection.execute(
            insert_ignoring(self._connection, _PAGES, unique=["person"]),
            {"person": person, "shown": shown, "is_away": False, "opened_at": at},
        )
        await self._connection.execute(
            update(_PAGES).where(_PAGES.c.person == person).values(shown=shown, is_away=False, opened_at=at)
        )

    async def away(self, person: str) -> None:
        """An answer takes the place of the front page until the person goes back."""
        await self._connection.execute(update(_PAGES).where(_PAGES.c.person == person).values(is_away=True))

    async def at_hand(self, since: datetime, *, most: int) -> list[HomePage]:
        """Front pages opened since then, the latest first."""
        query = (
            select(_PAGES.c.person, _PAGES.c.shown)
            .where(_PAGES.c.opened_at >= since, _PAGES.c.is_away.is_(False))
            .order_by(_PAGES.c.opened_at.desc(), _PAGES.c.person)
            .limit(most)
        )
        return [HomePage(person, shown) for person, shown in await self._connection.execute(query)]

    async def swap(self, page: HomePage, shown: str) -> bool:
        """Take the change of a page on oneself; False when somebody else did, or the person is reading an answer."""
        result = await self._connection.execute(
            update(_PAGES)
            .where(_PAGES.c.person == page.person, _PAGES.c.shown == page.shown, _PAGES.c.is_away.is_(False))
            .values(shown=shown)
        )
        return bool(result.rowcount == 1)
