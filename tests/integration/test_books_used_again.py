"""Books on PostgreSQL that a test used are for the next one as the migrations left them."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from core.services.keep_books import open_books
from core.services.manage_tokens import create_token
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, NOON
from tests.support.postgres import Postgres
from tests.support.postgres_reset import contents


async def test_used_books_are_as_new_for_whoever_comes_next(postgres: Postgres) -> None:
    url = await asyncio.to_thread(postgres.books)
    fresh = await contents(url)
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    await open_books(uow, default_owner=FARAH)
    await create_token(uow, "gateway", frozenset({"usage"}), by=FARAH, now=NOON)
    used = await contents(url)

    await asyncio.to_thread(postgres.take_back, url)  # while the books are still open
    again = await asyncio.to_thread(postgres.books)
    found = await contents(again)
    await uow.close()
    await asyncio.to_thread(postgres.take_back, again)

    assert used != fresh
    assert found == fresh
