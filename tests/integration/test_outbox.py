"""The outbox: who may take what when, and that edits never run ahead of their message or behind a newer one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.store.outbox import LEASE, Notice, Place
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON, SAM

CHANNEL = "C0BUDGET"


async def adds(uow: UnitOfWork, key: str, *, to: str = CHANNEL, says: str = "", **more: Any) -> None:
    async with uow.write() as tx:
        await tx.outbox.add(key, "test", to, facts={"says": says or key}, at=NOON, **more)


async def edits(uow: UnitOfWork, key: str, subject: str = "breach/1", **more: Any) -> None:
    await adds(uow, key, subject=subject, place=Place.EDIT, **more)


async def claims(uow: UnitOfWork, later: timedelta = timedelta(), **how: Any) -> list[Notice]:
    async with uow.write() as tx:
        return await tx.outbox.claim(now=NOON + later, **how)


async def is_sent(uow: UnitOfWork, notice: Notice, ts: str = "1.0") -> None:
    async with uow.write() as tx:
        await tx.outbox.sent(notice, channel=notice.recipient, ts=ts, at=NOON)


async def sends_all(uow: UnitOfWork, ts: str = "1.0", later: timedelta = timedelta()) -> list[str]:
    """What was sent, by its words."""
    said = []
    for notice in await claims(uow, later):
        await is_sent(uow, notice, ts)
        said.append(notice.facts["says"])
    return said


async def test_what_is_due_later_waits(uow: UnitOfWork) -> None:
    await adds(uow, "a", due_at=NOON + timedelta(hours=1))

    assert await claims(uow, timedelta(minutes=59)) == []
    assert len(await claims(uow, timedelta(minutes=60))) == 1


async def test_a_conversation_belongs_to_one_process_at_a_time(uow: UnitOfWork) -> None:
    await adds(uow, "a")
    (first,) = await claims(uow)
    await adds(uow, "b")
    await adds(uow, "c", to=SAM)

    assert [notice.recipient for notice in await claims(uow)] == [SAM]
    await is_sent(uow, first)
    assert [notice.facts["says"] for notice in await claims(uow)] == ["b"]


async def test_what_a_dead_process_held_is_due_after_its_lease(uow: UnitOfWork) -> None:
    await adds(uow, "a")
    await claims(uow)

    assert await claims(uow, LEASE - timedelta(seconds=1)) == []
    (again,) = await claims(uow, LEASE)
    assert again.attempts == 2


async def test_an_edit_waits_for_its_message_and_then_goes_to_it(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    (message,) = await claims(uow)
    await edits(uow, "b")

    assert await claims(uow) == []
    await is_sent(uow, message, "7.0")
    (edit,) = await claims(uow)
    async with uow.read() as tx:
        assert await tx.outbox.messages_of("breach/1", CHANNEL) == [(CHANNEL, "7.0")]
    assert (edit.place, edit.facts["says"]) == (Place.EDIT, "b")


async def test_a_message_that_is_not_sent_yet_takes_the_facts_of_its_newest_edit(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    await edits(uow, "b")
    await edits(uow, "c")

    assert await sends_all(uow) == ["c"]
    assert await sends_all(uow) == []


async def test_a_thousand_edits_become_one(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    assert await sends_all(uow) == ["a"]
    async with uow.write() as tx:
        for number in range(1000):
            await tx.outbox.add(
                f"refused/{number}", "test", CHANNEL, facts={"says": number}, at=NOON, subject="breach/1", place=Place.EDIT
            )  # fmt: skip

    assert await sends_all(uow) == [999]
    assert await sends_all(uow) == []


async def test_an_edit_that_comes_to_light_after_a_newer_one_is_not_shown(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    assert await sends_all(uow) == ["a"]
    await edits(uow, "old", due_at=NOON + timedelta(minutes=5))
    await edits(uow, "new")

    assert await sends_all(uow) == ["new"]
    assert await sends_all(uow, later=timedelta(minutes=6)) == []


async def test_an_edit_that_came_while_its_message_was_being_sent_is_not_taken_for_shown(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    await edits(uow, "b")
    (message,) = await claims(uow)
    await edits(uow, "c")
    await is_sent(uow, message)

    assert await sends_all(uow) == ["c"]


async def test_a_reply_waits_for_its_message_and_is_not_folded(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    (message,) = await claims(uow)
    await adds(uow, "b", subject="breach/1", place=Place.THREAD)
    await adds(uow, "c", subject="breach/1", place=Place.THREAD)

    assert await claims(uow) == []
    await is_sent(uow, message)
    assert await sends_all(uow, ts="2.0") == ["b", "c"]
    async with uow.read() as tx:
        assert await tx.outbox.messages_of("breach/1", CHANNEL) == [(CHANNEL, "1.0")]


async def test_the_copies_of_a_subject_are_its_messages_everywhere(uow: UnitOfWork) -> None:
    await adds(uow, "a", subject="breach/1")
    await adds(uow, "b", subject="breach/1", to=SAM)
    await sends_all(uow)
    await edits(uow, "c")
    await adds(uow, "d", subject="breach/1", place=Place.THREAD)
    await sends_all(uow)
    async with uow.read() as tx:
        assert await tx.outbox.copies_of("breach/1") == [(CHANNEL, CHANNEL, "1.0"), (SAM, SAM, "1.0")]


async def test_a_message_of_a_group_shows_the_newest_of_every_subject(uow: UnitOfWork) -> None:
    for number in (1, 2):
        await adds(uow, f"a{number}", subject=f"breach/{number}")
    await sends_all(uow)
    await edits(uow, "b", "breach/1")
    await sends_all(uow)
    async with uow.read() as tx:
        shown = await tx.outbox.shown_at(CHANNEL, "1.0")
    assert [notice.facts["says"] for notice in shown] == ["b", "a2"]


async def test_direct_messages_can_be_taken_apart_from_channels(uow: UnitOfWork) -> None:
    await adds(uow, "a")
    await adds(uow, "b", to=SAM)

    assert [notice.recipient for notice in await claims(uow, people=True)] == [SAM]
    assert [notice.recipient for notice in await claims(uow, people=False)] == [CHANNEL]


async def test_what_was_claimed_but_not_tried_counts_as_untried(uow: UnitOfWork) -> None:
    await adds(uow, "a")
    claimed = await claims(uow)
    async with uow.write() as tx:
        await tx.outbox.release(claimed)

    (again,) = await claims(uow)
    assert again.attempts == 1
