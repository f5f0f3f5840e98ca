"""The guard: a refusal is said in words, a fault of ours gets a reference, and nothing gets out to Bolt."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from bot.request_id import new_reference
from bot.slack.guard import guarded
from bot.slack.views.blocks import Message
from core.errors import NotAllowed

REFERENCE = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")


class Ear:
    """Hears what the person is told; deaf where Slack does not take it."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.heard: list[str] = []

    async def tell(self, message: Message) -> None:
        if self.deaf:
            raise ConnectionError("Slack is gone")
        self.heard.append(message["text"])


async def test_a_body_that_succeeds_says_nothing_by_itself():
    ear = Ear()
    await guarded("test", ear.tell, lambda: asyncio.sleep(0))
    assert ear.heard == []


async def test_a_refusal_is_told_with_its_line_to_paste_and_without_an_alarm(caplog: pytest.LogCaptureFixture):
    async def refuse() -> None:
        raise NotAllowed("Only finance can do that.", correction="/budget help price")

    ear = Ear()
    with caplog.at_level(logging.INFO):
        await guarded("test", ear.tell, refuse)
    (heard,) = ear.heard
    assert heard.startswith("Only finance can do that.")
    assert "/budget help price" in heard
    assert [record.levelname for record in caplog.records] == ["INFO"]


async def test_a_refusal_pings_nobody_by_what_somebody_typed():
    async def refuse() -> None:
        raise NotAllowed("“<!channel>” belongs to <@U0ANA>.")

    ear = Ear()
    await guarded("test", ear.tell, refuse)
    assert ear.heard == ["“&lt;!channel&gt;” belongs to <@U0ANA>."]


async def test_a_fault_is_told_by_a_reference_that_finds_its_traceback(caplog: pytest.LogCaptureFixture):
    async def fail() -> None:
        raise KeyError("secret-token")

    ear = Ear()
    await guarded("test", ear.tell, fail)
    (heard,) = ear.heard
    found = REFERENCE.search(heard)
    assert found
    assert "secret-token" not in heard
    (record,) = caplog.records
    assert record.reference == found[0]
    assert record.exc_info is not None


@pytest.mark.parametrize("error", [NotAllowed("No."), RuntimeError("oops")])
async def test_nothing_gets_out_when_the_answer_is_lost_too(error: Exception, caplog: pytest.LogCaptureFixture):
    async def fail() -> None:
        raise error

    await guarded("test", Ear(deaf=True).tell, fail)
    assert caplog.records[-1].message == "answer_lost"


async def test_a_cancelled_listener_stays_cancelled():
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await guarded("test", Ear().tell, cancelled)


def test_references_are_readable_and_differ():
    references = {new_reference() for _ in range(500)}
    assert len(references) == 500
    assert all(REFERENCE.fullmatch(reference) for reference in references)
