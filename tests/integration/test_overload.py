"""More at once than the books can take: the surplus is told when to come back, and what waits is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.web import inlet
from tests.support.api import Api, running_api
from tests.support.books import a_payload, agreed


@pytest.fixture
async def own_api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as running:
        yield running


async def until(count: int, waiting: list[asyncio.Task[object]]) -> None:
    """Until so many have been answered."""
    while sum(task.done() for task in waiting) < count:
        await asyncio.sleep(0.01)


async def test_the_surplus_is_told_to_come_back_and_the_rest_is_recorded(
    own_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet, "_WAITING", 5)
    async with own_api.service.uow.write() as tx:
        await tx.meta.next_version()  # nobody records before this commits
        sending = [asyncio.create_task(own_api.sends([a_payload()])) for _ in range(8)]
        await asyncio.wait_for(until(3, sending), 20)
        refused = [task.result() for task in sending if task.done()]

    answers = await asyncio.gather(*sending)

    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in refused} == {(503, "2")}
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [503] * 3
    assert (await agreed(own_api.service.uow))[0] == 5


async def test_bodies_that_weigh_too_much_together_are_told_to_come_back(
    own_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet, "_BYTES", 100_000)
    big = [a_payload(tags={f"t{number}": "x" * 200 for number in range(16)}) for _ in range(60)]

    refused = await own_api.sends(big)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert (await own_api.sends([a_payload()])).status_code == 202


async def test_who_has_no_token_takes_up_no_place(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlet, "_WAITING", 0)

    assert (await own_api.sends([a_payload()], token="nobody")).status_code == 401


async def test_health_is_answered_while_the_books_are_busy(own_api: Api) -> None:
    async with own_api.service.uow.write() as tx:
        await tx.meta.next_version()
        sending = asyncio.create_task(own_api.sends([a_payload()]))
        ready = await asyncio.wait_for(own_api.client.get("/readyz"), 10)

    assert ready.status_code == 200
    assert (await sending).status_code == 202
