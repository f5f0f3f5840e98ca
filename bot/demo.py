"""`outlay demo`: a sandbox workspace, the bot and months of real-shaped usage in one command; the demo's composition root."""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from rich.console import Console
from rich.progress import Progress

from bot.cli.running import started, until_signalled
from bot.demo_bill import PROVIDER, demo_bill
from bot.demo_clock import DemoClock, span
from bot.demo_state import BOOKS, DemoState
from bot.demo_tour import TOUR
from bot.log_lines import log_to_stderr
from bot.service import Service
from bot.settings import Settings
from core.change_request import SetOrder
from core.close import CloseTerms
from core.errors import NameTaken, SettingsProblem, Unreadable
from core.money import NANOS
from core.people import Actor
from core.period import Cycle
from core.rollout import post_due
from core.services.envelope_defaults import Defaults
from core.services.forecast_spend import backtest, refresh_forecasts
from core.services.manage_envelopes import set_envelope
from core.services.manage_tokens import create_token
from core.services.manage_workloads import add_rule, list_workloads
from core.services.post_rollout import post_rollout
from core.services.run_close import run_close
from core.services.write_digest import POSTED_AT, write_digest
from sandbox import Sandbox
from sandbox.usage import WORKLOADS, events, runaway

HISTORY: Final = timedelta(days=120)
_BATCH: Final = 5_000
_PART: Final = timedelta(hours=12)
_FINANCE: Final = "U0FARAH"
_CHANNEL: Final = "C0BUDGET"
_RUNAWAY: Final = "runaway "


class Demo:
    """The demo company: a workspace, the bot in it, and usage that arrives as time moves."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self._folder = folder
        self._port = port
        self._kept = DemoState.of(folder)
        self.clock = DemoClock(self._kept.now)
        self._moving = asyncio.Lock()
        self.sandbox = Sandbox(on_clock=self.advance, state_dir=folder, now=self.clock, tour=TOUR)
        self.service: Service
        self._token = ""
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Workspace and bot up, the company's history in the books. Raises SettingsProblem.

        The page answers before that; a step of its clock waits until there is a past that it goes on from.
        """
        async with self._moving:
            await self._open()

    async def _open(self) -> None:
        try:
            await self.sandbox.start(self._port)
        except (OSError, OverflowError) as taken:
            reason = getattr(taken, "strerror", None) or str(taken)
            raise SettingsProblem(
                f"Port {self._port} cannot be used: {reason}. Is another demo running?",
                correction="outlay demo --port 8301",
            ) from taken
        except ValueError as unreadable:
            raise SettingsProblem(str(unreadable)) from unreadable
        self._stack.push_async_callback(self.sandbox.stop)
        settings = Settings(
            _env_file=None, slack_bot_token=self.sandbox.bot_token, slack_signing_secret=self.sandbox.signing_secret, slack_app_token=None,
            slack_api_url=self.sandbox.api_url, outlay_database_url=f"sqlite:///{self._folder / BOOKS}", outlay_host="127.0.0.1",
            outlay_port=0, outlay_timezone="UTC", outlay_finance=(_FINANCE,), outlay_channel=_CHANNEL,
            # The usage here is a sample: what the real organization counted must not be held against it.
            openai_admin_key=None, anthropic_admin_key=None,
        )  # fmt: skip
        self.service = Service(settings, self.clock)
        self._stack.push_async_callback(self.service.stop)
        await self.service.start()
        self.sandbox.request_url = f"{self.service.url}/slack/events"
        self._token = await self._source_token()
        if not self._kept.is_furnished:
            await self._furnish(self._kept.sent_until)
        # Beside the rest: it takes seconds, and nobody needs it before the end of the tour.
        billing = asyncio.create_task(self._offer_bill(), name="demo-bill")
        self._stack.callback(billing.cancel)

    async def stop(self) -> None:
        """Close what was started, however far the start came."""
        if self._kept.is_furnished:
            self._kept.now = self.clock()
            self._kept.write(self._folder)
        await self._stack.aclose()

    async def _offer_bill(self) -> None:
        """Last month's invoice, as a file that the page offers."""
        last = Cycle.of(self.clock(), self.service.uow.zone).previous
        if bill := await demo_bill(self.service.uow, last):
            self.sandbox.samples[f"{PROVIDER}-{last}.csv"] = bill

    async def _furnish(self, opens_at: datetime) -> None:
        """The company's past; goes on where an interrupted start left off: an event counts once, a rule is added once."""
        known = {one.name: one for one in await list_workloads(self.service.uow, now=opens_at)}
        await self._add_workloads(opens_at - HISTORY, {name for name, one in known.items() if one.rules})
        await self._send(opens_at - HISTORY, opens_at, show=True)
        await self._set_envelopes(opens_at, {name for name, one in known.items() if one.has_envelope})
        await self._foretell(opens_at)
        self._kept.is_furnished = True
        self._kept.write(self._folder)

    async def _foretell(self, opens_at: datetime) -> None:
        """As if Outlay had run all along: plans frozen as the month began, a score from the past, and today's forecast."""
        await refresh_forecasts(self.service.uow, now=opens_at.replace(day=1, hour=8))
        await backtest(self.service.uow, now=opens_at)
        await refresh_forecasts(self.service.uow, now=opens_at)

    async def _look_ahead(self, before: datetime, until: datetime) -> None:
        """The hourly job for the time that was skipped, and the digest of the last Monday that was passed on the way."""
        await refresh_forecasts(self.service.uow, now=until)
        await run_close(self.service.uow, CloseTerms(), finance=(_FINANCE,), now=until)
        await self.service.alerts.look()
        nine = until.replace(hour=POSTED_AT.hour, minute=0, second=0, microsecond=0) - timedelta(days=until.weekday())
        monday = nine if nine <= until else nine - timedelta(weeks=1)
        if monday > before:
            await write_digest(self.service.uow, monday=monday.date(), now=until)

    async def _roll_out(self, now: datetime) -> None:
        """The rollout's job for a stretch that was skipped: a week's post says what was known in that week."""
        async with self.service.uow.read() as tx:
            rollout = await tx.rollouts.latest()
        if rollout is None or not rollout.is_live:
            return
        if post_due(rollout, now):
            await refresh_forecasts(self.service.uow, now=now)
        if await post_rollout(self.service.uow, now=now):
            await self.service.delivery.deliver_due()

    async def advance(self, step: str) -> dict[str, Any]:
        """Move the clock by `1h`, `3d`, … or to `month-end`; that time's usage arrives through the HTTP API, jobs run.

        With `runaway ` before it an agent loop runs in research-agent all the while.
        The answer is the control endpoint's: `ok` is false, with the reason, for a step that cannot be read.
        """
        async with self._moving:
            before = self.clock()
            try:
                until = before + span(step.removeprefix(_RUNAWAY), before)
            except Unreadable as refusal:
                return {"ok": False, "error": refusal.message}
            sent = 0
            # From where the last step ended, not from now: the clock ticks by itself too, and that time had usage.
            while self._kept.sent_until < until:
                # In parts, since usage more than a day ahead of the clock is refused.
                reached = min(self._kept.sent_until + _PART, until)
                sent += await self._send(self._kept.sent_until, reached, loops=step.startswith(_RUNAWAY))
                self._kept.now = self._kept.sent_until = reached
                self.clock.move(max(timedelta(), reached - self.clock()))
                self._kept.write(self._folder)
                await self._roll_out(reached)
            await self._look_ahead(before, until)
            await self.service.delivery.deliver_due()
        return {"now": until.isoformat(), "events": sent}

    async def _source_token(self) -> str:
        kept = self._folder / "token"
        if kept.exists():
            return kept.read_text().strip()
        try:
            token = await create_token(
                self.service.uow, "acme-gateway", frozenset({"usage"}), by="demo", now=self.clock()
            )
        except NameTaken as taken:
            raise SettingsProblem(
                f"{self._folder} holds a demo whose token file is gone. Remove the folder to start anew."
            ) from taken
        kept.touch(mode=0o600)
        kept.write_text(token)
        return token

    async def _add_workloads(self, since: datetime, known: set[str]) -> None:
        for workload in WORKLOADS:
            if workload.name in known:
                continue
            by = Actor(workload.owner_id)
            await add_rule(self.service.uow, workload.name, dict(workload.rules), by=by, reattribute=False, now=since)

    async def _set_envelopes(self, opens_at: datetime, known: set[str]) -> None:
        month_began = opens_at.replace(day=1, hour=8)
        for workload in WORKLOADS:
            if workload.envelope_usd is None or workload.name in known:
                continue
            order = SetOrder(
                workload.name, nanos=workload.envelope_usd * NANOS, owner=workload.owner_id,
                finance=workload.finance_id, sponsor=workload.sponsor_id, channel=workload.channel_id,
            )  # fmt: skip
            await set_envelope(
                self.service.uow,
                order,
                by=Actor(_FINANCE, is_finance=True),
                defaults=Defaults(None, None),
                now=month_began,
            )

    async def _send(self, start: datetime, end: datetime, *, show: bool = False, loops: bool = False) -> int:
        """The company's usage of a stretch of time, sent as any gateway would; how many events."""
        usual = events(start, end, anchor=self._kept.anchor)
        stream = merge(usual, runaway(start, end), key=itemgetter("at")) if loops else usual
        sent = 0
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not (show and console.is_terminal)) as bars:
            bar = bars.add_task(f"Sending {(end - start).days} days of usage", total=(end - start).total_seconds())
            async with aiohttp.ClientSession(headers=headers) as session:
                while batch := await asyncio.to_thread(_take, stream):
                    async with session.post(f"{self.service.url}/v1/usage", data=msgspec.json.encode(batch)) as answer:
                        answer.raise_for_status()
                        if rejected := (await answer.json())["rejected"]:
                            raise RuntimeError(f"the demo's own usage was refused: {rejected[0]['error']}")
                        sent += len(batch)
                    reached = datetime.fromisoformat(batch[-1]["at"])
                    bars.update(bar, completed=(reached - start).total_seconds())
        return sent


async def run_demo(*, port: int, state: Path | None, browser: bool) -> None:
    """Run until interrupted. Prints `ready http://…` once a command can be sent. Raises SettingsProblem."""
    log_to_stderr(level=30)
    async with AsyncExitStack() as stack:
        folder = state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outlay-demo-")))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            raise SettingsProblem(f"{folder} cannot hold a demo: {refused.strerror}.") from refused
        demo = Demo(folder, port=port)
        stack.push_async_callback(demo.stop)
        # Listened for from the first second: filling the books takes a few, and a signal right after `ready` counts too.
        signalled = asyncio.create_task(until_signalled())
        if not await started(demo.start(), signalled):
            return
        print(f"ready {demo.sandbox.url}", flush=True)  # noqa: T201 - promised to scripts
        if browser:
            await asyncio.to_thread(webbrowser.open, demo.sandbox.url)
        await signalled


def _take(stream: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(islice(stream, _BATCH))
