"""Readers' time zones: asked once an hour, never in the way of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.slack import identity
from bot.slack.identity import Readers, actor

BOOKS = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")


class Slack:
    """The one method that is asked, answering as told."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def users_info(self, *, user: str) -> Any:
        self.asked.append(user)
        found = self.answer()
        return await found if asyncio.iscoroutine(found) else found


class Watch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def readers(slack: Slack, watch: Watch | None = None) -> Readers:
    return Readers(slack, BOOKS, monotonic=watch or Watch())  # type: ignore[arg-type]


def in_tokyo() -> Any:
    return {"user": {"tz": "Asia/Tokyo"}}


def unreachable() -> Any:
    raise aiohttp.ClientConnectionError


async def test_a_reader_is_asked_about_once_an_hour():
    slack, watch = Slack(in_tokyo), Watch()
    known = readers(slack, watch)
    assert await known.zone_of("U0KIM") == TOKYO
    assert await known.zone_of("U0KIM") == TOKYO
    assert len(slack.asked) == 1
    watch.seconds = identity.TTL_SECONDS
    await known.zone_of("U0KIM")
    assert len(slack.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        unreachable,
        lambda: {"user": {}},
        lambda: {"user": {"tz": None}},
        lambda: {"user": {"tz": "Mars/Olympus"}},
        lambda: {"user": {"tz": "../../etc/passwd"}},
        lambda: {},
    ],
    ids=["unreachable", "no zone", "null zone", "unknown zone", "a path", "no user"],
)
async def test_without_an_answer_the_books_zone_is_used(answer: Callable[[], Any]):
    assert await readers(Slack(answer)).zone_of("U0KIM") == BOOKS


async def test_a_failure_is_not_asked_again_for_a_minute():
    slack, watch = Slack(unreachable), Watch()
    known = readers(slack, watch)
    await known.zone_of("U0KIM")
    await known.zone_of("U0KIM")
    assert len(slack.asked) == 1
    watch.seconds, slack.answer = identity.RETRY_SECONDS, in_tokyo
    assert await known.zone_of("U0KIM") == TOKYO


async def test_what_was_known_holds_while_slack_does_not_answer():
    slack, watch = Slack(in_tokyo), Watch()
    known = readers(slack, watch)
    await known.zone_of("U0KIM")
    watch.seconds, slack.answer = identity.TTL_SECONDS, unreachable
    assert await known.zone_of("U0KIM") == TOKYO


async def test_a_slow_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identity, "PATIENCE_SECONDS", 0.01)
    assert await readers(Slack(lambda: asyncio.sleep(60))).zone_of("U0KIM") == BOOKS


async def test_the_memory_of_readers_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identity, "MOST_READERS", 2)
    slack = Slack(in_tokyo)
    known = readers(slack)
    for user in ("U1", "U2", "U3", "U3", "U1"):
        await known.zone_of(user)
    assert slack.asked == ["U1", "U2", "U3", "U1"]


def test_only_the_finance_list_makes_finance():
    assert actor("U0FARAH", ("U0FARAH",)).is_finance
    assert not actor("U0ANA", ("U0FARAH",)).is_finance
