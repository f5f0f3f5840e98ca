"""A seeded month of two replicas on a bad Slack: usage arrives, thresholds are crossed, people decide, processes die."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from bot.delivery.refusals import UNREACHED
from core.change_request import SetOrder
from core.errors import BudgetError
from core.money import NANOS
from core.people import Actor
from core.services.decide_approvals import GrantOrder, grant, keep_degraded, stop
from core.services.decide_requests import decide
from core.services.evaluate_alerts import evaluate_alerts
from core.services.keep_promises import keep_promises
from core.services.manage_envelopes import Defaults, set_envelope
from sandbox import Sandbox
from sandbox.model import Message
from tests.simulation.company import (
    BEGINS,
    CHANNELS,
    ENVELOPES,
    FARAH,
    OWNERS,
    SOURCE,
    SPONSORS,
    Spend,
    event_of,
    name_of,
    spends,
)
from tests.simulation.replica import Replica
from tests.simulation.weather import HISTORY, Weather, archive, rooms

MONTH_ENDS: Final = datetime(2026, 11, 30, 23, tzinfo=UTC)
"""The last look at November: what passes a threshold after it is the next month's to close."""
AFTERWARDS: Final = datetime(2026, 12, 3, tzinfo=UTC)
PEOPLE: Final = (*OWNERS, FARAH, *SPONSORS)


@dataclass
class Plan:
    """What a month is made of. `deaths` is the chance to die at each step, `faults` the share of Slack's calls that fail."""

    seed: int
    url: str
    envelopes: int = ENVELOPES
    steps: int = 24
    deaths: float = 0.01
    faults: float = 0.2
    may_look_back: bool = True


@dataclass
class Posted:
    """A message as it was posted, in order; `ids` are the notices it shows."""

    channel: str
    text: str
    ids: tuple[int, ...]


@dataclass
class Month:
    plan: Plan
    now: datetime = BEGINS
    posted: list[Posted] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)
    deaths: list[str] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    vanished: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.choose = random.Random(self.plan.seed)
        self._signalled: set[int] | None = None

    def clock(self) -> datetime:
        return self.now

    async def lives(self) -> Month:
        """The whole month and the days after it, until everything has been told."""
        plan = self.plan
        self.box = Sandbox(rate_limit=None, now=self.clock)
        await self.box.start()
        session = aiohttp.ClientSession()
        try:
            if not plan.may_look_back:
                self.box.scopes.difference_update(HISTORY)
            rooms(self.box, CHANNELS)
            self._listen()
            weather = self.box.bench.faults = Weather(random.Random(plan.seed + 1), plan.faults)
            self.replicas = [
                Replica(plan.url, self.box, session, self.clock, random.Random(plan.seed + 2 + number), plan.deaths)
                for number in range(2)
            ]
            await self._goes_by()
            await self._is_told_out()
            self.deaths = [where for replica in self.replicas for where in replica.deaths]
            self.struck = weather.struck
            for replica in self.replicas:
                await replica.stops()
        finally:
            await session.close()
            await self.box.stop()
        return self

    def _listen(self) -> None:
        post = self.box.bench.workspace.post

        def noted(message: Message) -> Message:
            self.posted.append(Posted(message.channel, f"{message.text} {message.blocks}", ids_of(message)))
            return post(message)

        self.box.bench.workspace.post = noted  # type: ignore[method-assign]

    async def _goes_by(self) -> None:
        coming = list(enumerate(spends(self.choose, self.plan.envelopes)))
        step = (MONTH_ENDS - BEGINS) / self.plan.steps
        moments = [BEGINS + step * number for number in range(1, self.plan.steps)] + [MONTH_ENDS, AFTERWARDS]
        for number, until in enumerate(moments):
            due = [one for one in coming if one[1].at <= until]
            del coming[: len(due)]
            self.now = max(self.now, until)
            await self._records(due)
            # Mostly what was touched is looked at; at everything now and then, as after every death.
            whole = number % 6 == 5 or until in (MONTH_ENDS, AFTERWARDS)
            self._signalled = None if whole else {spend.workload for _, spend in due}
            for _ in range(2):
                await self._together(self._evaluates, self._delivers)
                self._passes(5, 40)
            if until in (MONTH_ENDS, AFTERWARDS):
                await self._has_looked()
            await self._people_act()
            await self._together(self._keeps_promises, self._delivers)
            self._passes(20, 90)
            self._weathers()

    async def _records(self, due: list[tuple[int, Spend]]) -> None:
        """Sent until a process has taken it: an event counts once however often it comes."""
        events = [event_of(number, spend) for number, spend in due]
        while events:

            async def record(replica: Replica) -> bool:
                async with replica.books.read() as tx:
                    source = await tx.sources.named(SOURCE)
                assert source is not None
                await replica.bookkeeper.record(source.id, list(enumerate(events)), now=self.now)
                return True

            if await self.choose.choice(self.replicas).attempts(record):
                break
        for _, spend in due:
            self.spent[name_of(spend.workload), f"{spend.at:%Y-%m}"] += spend.cents

    async def _together(self, *works: Callable[[Replica], Awaitable[Any]]) -> None:
        """Both replicas at once, each at one of these."""
        order = list(works)
        self.choose.shuffle(order)
        await asyncio.gather(*(replica.attempts(work) for replica, work in zip(self.replicas, order, strict=True)))

    async def _evaluates(self, replica: Replica) -> None:
        if self._signalled is None or replica.is_new:
            numbers = None
        else:
            async with replica.books.read() as tx:
                names = await tx.workloads.names()
            numbers = sorted(names[name_of(one)] for one in self._signalled)
        await evaluate_alerts(replica.books, now=self.now, memory=replica.memory, workload_ids=numbers)
        replica.is_new = False

    async def _has_looked(self) -> None:
        """Every minute somebody looks at everything: a death costs a minute, not the look."""

        async def looks(replica: Replica) -> bool:
            await self._evaluates(replica)
            return True

        while not await self.choose.choice(self.replicas).attempts(looks):
            self._passes(60, 61)

    async def _delivers(self, replica: Replica) -> None:
        await replica.delivery.deliver_due()

    async def _keeps_promises(self, replica: Replica) -> None:
        await keep_promises(replica.books, now=self.now)

    def _passes(self, least: float, most: float) -> None:
        self.now += timedelta(seconds=self.choose.uniform(least, most))

    def _weathers(self) -> None:
        """Channels are archived and come back; now and then a message of ours is deleted."""
        for channel in CHANNELS:
            archive(self.box, channel, is_archived=self.choose.random() < 0.05)
        held = list(self.box.bench.workspace.messages.get(self.choose.choice(CHANNELS), {}).values())
        if held and self.choose.random() < 0.3:
            gone = self.choose.choice(held)
            self.vanished.update(ids_of(gone))
            self.box.bench.workspace.delete(gone)

    async def _people_act(self) -> None:
        """Somebody changes an envelope, and everybody tries to decide on everything; most may not."""
        workload, owner = self._one_of_theirs()
        order = SetOrder(workload, self.choose.choice((NANOS // 2, 2 * NANOS)))
        replica = self.choose.choice(self.replicas)
        self.touched.add(workload)

        async def change(one: Replica) -> None:
            with suppress(BudgetError):
                await set_envelope(one.books, order, by=Actor(owner), defaults=Defaults(FARAH, None), now=self.now)

        await replica.attempts(change)
        await self.choose.choice(self.replicas).attempts(self._decide)

    def _one_of_theirs(self) -> tuple[str, str]:
        number = self.choose.randrange(self.plan.envelopes)
        return name_of(number), OWNERS[number % len(OWNERS)]

    async def _decide(self, replica: Replica) -> None:
        async with replica.books.read() as tx:
            requests = await tx.requests.pending(person=self.choose.choice(SPONSORS))
            waiting = await tx.escalations.waiting()
        for request in requests[:3]:
            person = self.choose.choice(PEOPLE)
            with suppress(BudgetError):
                await decide(replica.books, request.id, self.choose.random() < 0.7, by=Actor(person), now=self.now)
        for escalation in waiting[:3]:
            person = self.choose.choice(PEOPLE)
            with suppress(BudgetError):
                if self.choose.random() < 0.4:
                    given = GrantOrder(NANOS // 2, "for the simulation")
                    await grant(replica.books, escalation.id, given, by=Actor(person), now=self.now)
                    self.touched.add(escalation.workload)
                else:
                    decided = self.choose.choice((keep_degraded, stop))
                    await decided(replica.books, escalation.id, by=Actor(person), now=self.now)

    async def _is_told_out(self) -> None:
        """Channels are back; what waited for them is tried again, until nothing is left."""
        for channel in CHANNELS:
            archive(self.box, channel, is_archived=False)
        self._signalled = None
        for turn in range(400):
            self._passes(61, 120)
            if turn % 10 == 0:
                await self._together(self._unparks, self._evaluates)
            await self._together(self._delivers, self._delivers)
            if not await self._left():
                return
        raise AssertionError(f"seed {self.plan.seed}: still not told after a long time: {await self._left()}")

    async def _unparks(self, replica: Replica) -> None:
        async with replica.books.write() as tx:
            await tx.outbox.unpark(UNREACHED, due_at=self.now)

    async def _left(self) -> list[tuple[Any, ...]]:
        async with self.replicas[0].books.read() as tx:
            rows = await tx.connection.exec_driver_sql(
                "SELECT id, kind, place, parked_because FROM outbox WHERE sent_at IS NULL LIMIT 5"
            )
            return [tuple(row) for row in rows]


def ids_of(message: Message) -> tuple[int, ...]:
    """The notices that a message shows."""
    payload: dict[str, Any] = (message.metadata or {}).get("event_payload", {})
    return tuple(payload.get("outbox_ids") or [payload["outbox_id"]] if payload else ())
