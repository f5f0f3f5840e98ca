"""The bot in the sandbox with some usage and some people, for stories over real HTTP or Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from core.services.manage_tokens import create_token
from sandbox import Person, Sandbox
from sandbox.people import text_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA, SAM, FARAH = "<@U0ANA|ana>", "<@U0SAM|sam>", "<@U0FARAH|farah>"


class StoryClock:
    """Stands still until a story moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Office:
    """The bot in the sandbox, with people."""

    box: Sandbox
    service: Service
    clock: StoryClock
    ana: Person
    sam: Person
    farah: Person
    kim: Person

    async def later(self, **span: float) -> None:
        """Time passes (`seconds=15`), and what is due then is delivered."""
        self.clock.at += timedelta(**span)
        await self.service.delivery.deliver_due()


@asynccontextmanager
async def open_office(folder: Path, *, socket_mode: bool = False, usage: bool = True) -> AsyncIterator[Office]:
    """Everything on free ports; the clock stands at NOW until moved; finance is Farah; `usage` fills the books."""
    box = Sandbox(rate_limit=None)
    await box.start()
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(box.bot_token),
        slack_signing_secret=SecretStr(box.signing_secret),
        slack_app_token=SecretStr(box.app_token) if socket_mode else None,
        slack_api_url=box.api_url,
        outlay_database_url=f"sqlite:///{folder / 'outlay.db'}",
        outlay_port=0,
        outlay_finance=("U0FARAH",),
        outlay_channel="C0BUDGET",
        openai_admin_key=None,
        anthropic_admin_key=None,
    )
    clock = StoryClock(NOW)
    service = Service(settings, clock)
    await service.start()
    box.request_url = f"{service.url}/slack/events"
    try:
        if usage:
            await send_usage(service)
        people = [Person(box.url, user) for user in ("U0ANA", "U0SAM", "U0FARAH", "U0KIM")]
        yield Office(box, service, clock, *people)
    finally:
        await service.stop()
        await box.stop()


async def send_usage(service: Service) -> None:
    token = await create_token(service.uow, "gateway", frozenset({"usage"}), by="U0FARAH", now=NOW)
    events = [
        {
            "id": f"{feature}-{day}",
            "at": (NOW - timedelta(days=day)).isoformat(),
            "provider": "openai",
            "model": "gpt-4.1",
            "input_tokens": 5_000_000,
            "output_tokens": 1_000_000,
            "tags": {"feature": feature, "team": "discovery"},
        }
        for feature in ("search", "support")
        for day in range(20)
    ]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/usage", json=events, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert answer.status == 202, await answer.text()


async def with_search(office: Office) -> None:
    await office.farah.types("/budget workload add search feature=search")
    added = await office.farah.clicks("Add and re-attribute this cycle")
    assert "search" in added.text


async def with_envelope(office: Office, amount: str = "500") -> None:
    await with_search(office)
    done = await office.farah.types(f"/budget set search {amount} owner={ANA} sponsor={SAM}")
    assert "has an envelope of" in done.text, done


async def set_fault(office: Office, method: str, kind: str, times: int = 1, **more: float) -> None:
    """Orders a failure of Slack; `seconds` is the delay of "slow" and the Retry-After of "429"."""
    order = {"method": method, "kind": kind, "times": times, **more}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{office.box.url}/_sandbox/faults", json=[order]) as answer,
    ):
        assert answer.status == 200


async def settled_view(person: Person) -> dict:
    """The modal once it no longer says that something is under way."""
    for _ in range(100):
        view = await person.view()
        if not any(words in text_of(view) for words in ("Saving…", "Reading…", "Reading the books")):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError("the modal never settled")
