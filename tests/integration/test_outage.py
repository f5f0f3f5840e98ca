"""The database goes away under a running bot: senders are told to come back, nothing is called a mistake of theirs."""

from __future__ import annotations

import asyncio

from tests.support.api import running_api
from tests.support.books import a_payload
from tests.support.postgres import Postgres


async def test_a_database_that_is_gone_is_a_503_with_a_time_to_come_back(postgres: Postgres) -> None:
    url = await asyncio.to_thread(postgres.books)
    async with running_api(url) as api:
        assert (await api.sends([a_payload()])).status_code == 202

        await asyncio.to_thread(postgres.drop, url)

        for _ in range(3):
            answer = await api.sends([a_payload()])
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        assert (await api.client.get("/readyz")).status_code == 503
        assert (await api.client.get("/healthz")).status_code == 200
