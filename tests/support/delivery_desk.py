"""A desk for tests of delivery: an outbox, a workspace, and one delivery between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.slack.identity import Readers
from core.store.outbox import Place
from core.store.unit_of_work import UnitOfWork
from sandbox import Person, Sandbox
from sandbox.faults import Fault
from tests.support.books import FARAH, NOON, SAM
from tests.support.synthetic import ALONE, COMPOSERS, LINES

CHANNEL, OTHER = "C0BUDGET", "C0SEARCH"


@dataclass
class Desk:
    """An outbox, a workspace, and one delivery between them."""

    uow: UnitOfWork
    box: Sandbox
    now: datetime = NOON
    keys: int = 0

    def __post_init__(self) -> None:
        self.delivery = self.another()

    def another(self) -> Delivery:
        client = AsyncWebClient(self.box.bot_token, base_url=self.box.api_url, retry_handlers=[], timeout=5)
        return Delivery(
            self.uow, client, Readers(client, self.uow.zone), lambda: self.now, composers=COMPOSERS, lines=LINES, finance=(FARAH,)
        )  # fmt: skip

    async def tells(self, says: str, *, to: str = CHANNEL, kind: str = ALONE, urgency: int = 0, **more: Any) -> None:
        self.keys += 1
        facts = {"says": says, "urgency": urgency}
        async with self.uow.write() as tx:
            await tx.outbox.add(f"k/{self.keys}", kind, to, facts=facts, at=self.now, **more)

    async def edits(self, says: str, subject: str = "breach/1", **more: Any) -> None:
        await self.tells(says, subject=subject, place=Place.EDIT, **more)

    def fails(self, method: str, kind: str, **how: Any) -> None:
        self.box.bench.faults.order([Fault(method, kind, **how)])

    async def messages(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        return [one for one in await Person(self.box.url, SAM).reads(channel) if one["user"] == "U0OUTLAY"]

    async def texts(self, channel: str = CHANNEL) -> list[str]:
        return [str(message["text"]) for message in await self.messages(channel)]

    def calls(self, method: str) -> int:
        return sum(entry.get("method") == method for entry in self.box.bench.traffic.entries())
