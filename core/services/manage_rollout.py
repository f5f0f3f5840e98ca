"""Start, pause, resume and restart the first 30 days, tick items by hand, and try whether alerts arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import NotAllowed, OutOfRange
from core.people import USER_ID, Actor
from core.rollout import Item, Rollout, Tick, item_numbered
from core.rollout_evidence import ALERTED, Mark
from core.store.outbox import Place
from core.store.unit_of_work import Transaction, UnitOfWork

SUBJECT: Final = "rollout"
TEST_ALERT: Final = "rollout_test_alert"
MOST_PEOPLE: Final = 20
FARTHEST: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Order:
    """What a rollout is started with; `zone` is that of whoever starts it."""

    channel: str
    started_on: date
    people: tuple[str, ...]
    zone: ZoneInfo


async def start(uow: UnitOfWork, order: Order, *, by: Actor, now: datetime, again: bool = False) -> Rollout:
    """Begin. `again` replaces one that is live.

    Raises NotAllowed, and OutOfRange where one is live already, or for a day that has passed or is too far away.
    """
    by.require_finance("start the rollout")
    today = now.astimezone(order.zone).date()
    if not today <= order.started_on <= today + FARTHEST:
        raise OutOfRange(
            f"The rollout cannot start on {order.started_on:%d %b %Y}. Choose a day from today to 90 days ahead.",
            correction=f"/budget rollout start from={today.isoformat()}",
        )
    people = tuple(dict.fromkeys(order.people or (by.id,)))
    if len(people) > MOST_PEOPLE or not all(USER_ID.fullmatch(person) for person in people):
        raise OutOfRange(f"Name up to {MOST_PEOPLE} people who see the rollout through.")
    async with uow.write() as tx:
        live = await tx.rollouts.latest(lock=True)
        if live and live.is_live and not again:
            raise OutOfRange(
                f"A rollout is {live.state} already, since {live.started_on:%d %b %Y} in <#{live.channel}>. "
                "Begin again only if its ticks should be forgotten.",
                correction="/budget rollout restart",
            )
        begun = await tx.rollouts.add(Rollout(0, order.channel, order.zone, order.started_on, people, by.id), at=now)
        await tx.audit.append(
            at=now, actor=by.id, act="restarted the rollout" if again and live else "started the rollout", subject=SUBJECT,
            detail={"channel": order.channel, "from": order.started_on.isoformat(), "people": list(people)},
        )  # fmt: skip
    return begun


async def pause(uow: UnitOfWork, *, by: Actor, now: datetime) -> Rollout:
    """Raises NotAllowed, OutOfRange."""
    by.require_finance("pause the rollout")
    async with uow.write() as tx:
        rollout = await _latest(tx)
        return await _saved(tx, rollout.paused(_today(rollout, now)), "paused the rollout", by=by, now=now)


async def resume(uow: UnitOfWork, *, by: Actor, now: datetime) -> Rollout:
    """Raises NotAllowed, OutOfRange."""
    by.require_finance("resume the rollout")
    async with uow.write() as tx:
        rollout = await _latest(tx)
        return await _saved(tx, rollout.resumed(_today(rollout, now)), "resumed the rollout", by=by, now=now)


async def tick(uow: UnitOfWork, number: int, *, by: Actor, now: datetime, undo: bool = False) -> tuple[Item, bool]:
    """Tick an item by hand, or take a tick back; the item, and whether that changed anything.

    Raises NotAllowed, UnknownName for no such item, and OutOfRange without a rollout.
    """
    item = item_numbered(number)
    async with uow.write() as tx:
        rollout = await _latest(tx)
        if not by.is_finance and by.id not in rollout.people:
            raise NotAllowed(f"Only {_mentions(rollout.people)} and the finance team tick items. Ask one of them.")
        has = item.key in await tx.rollouts.ticks(rollout.id)
        if has is not undo:
            return item, False
        if undo:
            await tx.rollouts.untick(rollout.id, item.key)
        else:
            await tx.rollouts.tick(rollout.id, Tick(item.key, now, by.id))
        act = "took back a rollout item" if undo else "ticked a rollout item"
        await tx.audit.append(
            at=now, actor=by.id, act=act, subject=SUBJECT, detail={"item": item.title, "number": number}
        )
    return item, True


async def send_test_alert(uow: UnitOfWork, *, by: Actor, now: datetime) -> Rollout:
    """Put an alert that means nothing into the rollout's channel, for somebody to acknowledge. Raises NotAllowed, OutOfRange."""
    async with uow.write() as tx:
        rollout = await _latest(tx)
        if not by.is_finance and by.id not in rollout.people:
            raise NotAllowed(
                f"Only {_mentions(rollout.people)} and the finance team send a test alert. Ask one of them."
            )
        key = f"{TEST_ALERT}/{rollout.id}/{int(now.timestamp())}"
        await tx.outbox.add(
            key, TEST_ALERT, rollout.channel, facts={"by": by.id, "seen_by": None, "subject": key}, at=now, subject=key
        )
        await tx.audit.append(
            at=now, actor=by.id, act="sent a test alert", subject=SUBJECT, detail={"channel": rollout.channel}
        )
    return rollout


async def acknowledge_test_alert(uow: UnitOfWork, key: str, *, by: Actor, now: datetime) -> None:
    """Somebody saw it: the message says who, and the item ticks itself. Raises OutOfRange for an alert that never was."""
    async with uow.write() as tx:
        copies = await tx.outbox.copies_of(key) if key.startswith(f"{TEST_ALERT}/") else []
        if not copies:
            raise OutOfRange("This test alert is not in the books any more.", correction="/budget rollout test-alert")
        await tx.rollouts.mark(ALERTED, Mark("the test alert", by.id, now))
        facts = {"by": None, "seen_by": by.id, "seen_at": now.isoformat(), "subject": key}
        await tx.outbox.add(
            f"{key}/seen", TEST_ALERT, copies[0][0], facts=facts, at=now, subject=key, place=Place.EDIT
        )  # fmt: skip


async def mark(uow: UnitOfWork, kind: str, subject: str, *, by: Actor, now: datetime) -> None:
    """Remember that somebody did something which leaves no other trace; the first time counts."""
    async with uow.write() as tx:
        await tx.rollouts.mark(kind, Mark(subject, by.id, now))


async def _latest(tx: Transaction) -> Rollout:
    rollout = await tx.rollouts.latest(lock=True)
    if rollout is None:
        raise OutOfRange("No rollout was started yet.", correction="/budget rollout start")
    return rollout


async def _saved(tx: Transaction, rollout: Rollout, act: str, *, by: Actor, now: datetime) -> Rollout:
    await tx.rollouts.save(rollout)
    await tx.audit.append(at=now, actor=by.id, act=act, subject=SUBJECT, detail={"posted": rollout.posted})
    return rollout


def _today(rollout: Rollout, now: datetime) -> date:
    return now.astimezone(rollout.zone).date()


def _mentions(people: tuple[str, ...]) -> str:
    return ", ".join(f"<@{person}>" for person in people[:5])
