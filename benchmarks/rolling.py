"""Two replicas on PostgreSQL for a simulated week, with restarts now and then and a crash every day: each post exactly once.

Digests of two channels, two weeks' posts of a rollout, and the reminders of a sponsor who does not answer. The jobs are those that
the bot itself schedules (`make_scheduler`), looked at every half hour of a clock that jumps; what they put into the outbox is
delivered to the sandbox by both. `python -m benchmarks.rolling [--days N] [--seed N]`
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from benchmarks.process import postgres
from benchmarks.report import finish, say
from bot.delivery import Delivery
from bot.notices import composers, lines
from bot.pulling import Pulls
from bot.schedule import make_scheduler
from bot.settings import Settings
from bot.slack.identity import Readers
from bot.slack.notices_response import response_composers
from bot.slack.notices_rollout import rollout_composers
from bot.wiring import migrate
from core.change_request import SetOrder
from core.money import NANOS
from core.people import Actor
from core.services.ask_for_more import ask_for_more
from core.services.keep_books import open_books
from core.services.manage_envelopes import Defaults, set_envelope
from core.services.manage_rollout import Order, start
from core.store.unit_of_work import UnitOfWork
from sandbox import Sandbox

FIRST: Final = datetime(2026, 11, 22, tzinfo=UTC)
"""A Sunday, so that the week holds a Monday morning and ends with the next."""
STEP: Final = timedelta(minutes=30)
CHANNELS: Final = ("C0BUDGET", "C0GENERAL")


@dataclass
class Clock:
    now: datetime = FIRST

    def __call__(self) -> datetime:
        return self.now


class Replica:
    """One process of the bot without its web side: jobs and delivery, with connections of its own."""

    def __init__(self, url: str, box: Sandbox, clock: Clock) -> None:
        self.uow = UnitOfWork(url, ZoneInfo("UTC"))
        client = AsyncWebClient(box.bot_token, base_url=box.api_url, retry_handlers=[])
        self._charts = ThreadPoolExecutor(1)
        readers = Readers(client, self.uow.zone)
        known = {
            **composers(client, self._charts, self.uow.zone),
            **rollout_composers(client, self._charts, self.uow.zone),
            **response_composers(readers, self.uow.zone),
        }
        self.delivery = Delivery(self.uow, client, readers, clock, composers=known, lines=lines())
        settings = Settings(_env_file=None, openai_admin_key=None, anthropic_admin_key=None)
        pulls = Pulls(self.uow, settings, clock)
        self._scheduler: AsyncIOScheduler = make_scheduler(
            self.uow, self.delivery, pulls, clock, zone_of=readers.zone_of
        )

    async def tick(self) -> None:
        """Every job looks whether its slot is free, then what is due is delivered."""
        for job in self._scheduler.get_jobs():
            if not job.id.endswith("_first"):
                told = job.func()
                if asyncio.iscoroutine(told):
                    await told
        await self.delivery.deliver_due()

    async def close(self) -> None:
        self._charts.shutdown(wait=False, cancel_futures=True)
        await self.uow.close()


@dataclass
class Week:
    """What happened: restarts, ticks that died halfway, and how often each notice was posted."""

    restarts: int = 0
    crashes: int = 0
    posts: Counter[int] = field(default_factory=Counter)
    kinds: dict[int, str] = field(default_factory=dict)
    unsent: int = 0

    def told(self) -> dict[str, int]:
        """How many messages of each kind were posted."""
        return dict(Counter(self.kinds[number] for number in self.posts))


async def simulate(url: str, *, days: float, seed: int) -> Week:
    """Run both replicas through the days; one of them is restarted about every five hours, one dies at work about once a day."""
    choose, clock, week = random.Random(seed), Clock(), Week()
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    await open_books(uow, default_owner="U0FARAH")
    for number, channel in enumerate(CHANNELS):
        order = SetOrder(f"w{number}", 1000 * NANOS, owner="U0ANA", finance="U0FARAH", sponsor="U0SAM", channel=channel)
        await set_envelope(
            uow, order, by=Actor("U0ANA"), defaults=Defaults(finance="U0FARAH", channel=channel), now=FIRST
        )
    people = Order(CHANNELS[0], FIRST.date(), ("U0FARAH",), ZoneInfo("UTC"))
    await start(uow, people, by=Actor("U0FARAH", is_finance=True), now=FIRST)
    await ask_for_more(uow, "w0", 100 * NANOS, "the launch is bigger than planned", by=Actor("U0ANA"), now=FIRST)
    async with Sandbox(rate_limit=None) as box:
        replicas = [Replica(url, box, clock), Replica(url, box, clock)]
        while clock.now < FIRST + timedelta(days=days):
            ticks = [asyncio.create_task(replica.tick()) for replica in replicas]
            chance = choose.random()
            if chance < 0.02:
                victim = choose.randrange(2)
                await asyncio.sleep(choose.random() * 0.05)
                ticks[victim].cancel()
                week.crashes += 1
                with suppress(asyncio.CancelledError):
                    await ticks[victim]
                await replicas[victim].close()
                replicas[victim] = Replica(url, box, clock)
            await asyncio.gather(*ticks, return_exceptions=True)
            if 0.02 <= chance < 0.12:
                place = choose.randrange(2)
                await replicas[place].close()
                replicas[place] = Replica(url, box, clock)
                week.restarts += 1
            clock.now += STEP
        for _ in range(3):
            # What a dead replica had in hand comes back when its lease ends.
            clock.now += STEP
            await replicas[0].delivery.deliver_due()
        for replica in replicas:
            await replica.close()
        for posted in box.bench.workspace.messages.values():
            for message in posted.values():
                payload: dict[str, Any] = (message.metadata or {}).get("event_payload", {})
                if "outbox_id" in payload:
                    week.posts[int(payload["outbox_id"])] += 1
    async with uow.read() as tx:
        for row in await tx.connection.execute(text("SELECT id, kind, sent_at FROM outbox")):
            week.unsent += row.sent_at is None
            week.kinds[row.id] = row.kind
    await uow.close()
    return week


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=float, default=8.5)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    try:
        with postgres(folder) as url:
            migrate(url)
            week = asyncio.run(simulate(url, days=options.days, seed=options.seed))
            say(f"  {week}")
            finish(
                "rolling",
                {
                    "days": options.days, "restarts": week.restarts, "crashes": week.crashes, "posts": len(week.posts),
                    "posted_more_than_once": sum(count > 1 for count in week.posts.values()),
                    "never_posted": week.unsent, "told": week.told(),
                },
            )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
