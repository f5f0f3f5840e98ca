"""The running bot: Slack, the HTTP API, delivery and the scheduler on one event loop, started and stopped together."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial

import uvicorn
from fastapi import FastAPI
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.alert_watch import AlertWatch
from bot.delivery import Delivery
from bot.leave_watch import LeaveWatch
from bot.notices import composers, lines
from bot.people import LOOKED_AT, look_for_departed
from bot.pulling import Pulls
from bot.request_id import RequestIds
from bot.retention import Retention
from bot.schedule import AT_NIGHT, make_scheduler
from bot.settings import Settings
from bot.slack.app import build_app
from bot.slack.desk import Desk
from bot.slack.homes import Homes
from bot.slack.identity import Readers
from bot.slack.notices_close import close_composers
from bot.slack.notices_reconciliation import reconciliation_composers
from bot.slack.notices_response import response_composers
from bot.slack.notices_rollout import rollout_composers
from bot.slack.statuses import Statuses
from bot.web import answers
from bot.web.envelopes import envelopes_router
from bot.web.gate import Gate
from bot.web.guard import GuardCalls, guard_router
from bot.web.guard_door import GuardDoor
from bot.web.health import health_router
from bot.web.inlet import Inlet
from bot.web.litellm import litellm_router
from bot.web.otlp import otlp_router
from bot.web.reading_room import ReadingRoom
from bot.web.slack_events import slack_router
from bot.web.usage import usage_router
from bot.wiring import Clock, open_store, system_clock
from core.services.alert_signals import AlertSignals
from core.services.authorize_spend import Guard
from core.services.record_usage import Bookkeeper
from core.services.run_close import run_close
from core.services.run_slots import Job
from core.services.tell_reconciliation import remind_signers
from core.services.watch_trust import watch_trust
from core.slots import every
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10
CONNECT_SECONDS = 10.0
"""For so long the start waits for Socket Mode; after that it goes on beside everything else."""


class _WebServer(uvicorn.Server):
    """Leaves signals to whoever runs the process: several servers can share one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Service:
    """One process of Outlay.

    Attributes:
      url: where it listens, known once started.
      uow, bookkeeper, delivery: for whoever runs it inside another program (the demo, tests).
    """

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        settings.require_slack()
        self._settings = settings
        self.clock = clock
        self.url = ""
        self.uow: UnitOfWork
        self.bookkeeper: Bookkeeper
        self.guard: Guard
        self.delivery: Delivery
        self.alerts: AlertWatch
        self.leaves: LeaveWatch
        self.readers: Readers
        self.reading: ReadingRoom
        self.homes: Homes
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Open the books, listen, connect. Raises SettingsProblem, OSError when the port is taken."""
        settings = self._settings
        self.uow = await open_store(settings)
        self._stack.push_async_callback(self.uow.close)
        signals = AlertSignals()
        self.bookkeeper = Bookkeeper(self.uow, signals=signals)
        self._stack.push_async_callback(self.bookkeeper.finish)
        self.reading = ReadingRoom(settings.outlay_readers)
        self._stack.push_async_callback(self.reading.close)
        self.guard = Guard(self.uow, self.bookkeeper, settings.guard_policy, signals=signals)
        self._stack.push_async_callback(self.guard.finish)
        charts = ThreadPoolExecutor(1, thread_name_prefix="charts")
        self._stack.callback(charts.shutdown, wait=False, cancel_futures=True)
        assert settings.slack_bot_token is not None
        token = settings.slack_bot_token.get_secret_value()
        self.reads = AsyncWebClient(
            token,
            base_url=settings.slack_api_url,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
        )
        self.readers = readers = Readers(self.reads, self.uow.zone)
        # No retries by the client: after a lost answer it would post twice.
        once = AsyncWebClient(token, base_url=settings.slack_api_url, retry_handlers=[])
        known = {
            **composers(once, charts, self.uow.zone),
            **rollout_composers(once, charts, self.uow.zone),
            **close_composers(self.uow.zone),
            **reconciliation_composers(once, charts, self.uow.zone),
            **response_composers(readers, self.uow.zone),
        }
        self.delivery = Delivery(
            self.uow, once, readers, self.clock, composers=known, lines=lines(), finance=settings.outlay_finance
        )
        self.leaves = LeaveWatch(self.uow, Statuses(self.reads), self.clock, self.delivery.wake)
        self.alerts = AlertWatch(self.uow, signals, self.clock, self._wake_for_breach)
        self.homes = Homes(self.uow, once, readers, self.clock, settings.outlay_finance)
        secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
        slack = build_app(
            Desk(
                self.uow, self.clock, token, charts,
                signing_secret=secret, finance=settings.outlay_finance,
                channel=settings.outlay_channel, api_url=settings.slack_api_url, wake_delivery=self._wake, homes=self.homes,
                learns=settings.outlay_learn,
            )
        )  # fmt: skip
        await self._listen(self.web_app(slack if secret else None, secret))
        if settings.slack_app_token:
            await self._connect(slack, settings.slack_app_token.get_secret_value())
        await self._tick()
        log.info("started", extra={"url": self.url, "socket_mode": bool(settings.slack_app_token)})

    def web_app(self, slack: AsyncApp | None, signing_secret: str = "") -> FastAPI:
        """The HTTP side; with `slack`, signed deliveries come in at `/slack/events`."""
        app = FastAPI(title="Outlay", version="1", description="Usage in, budgets out.", redoc_url=None)
        answers.install(app)
        inlet = Inlet(self.uow, self.bookkeeper, self.reading, self.clock)
        for router in (usage_router, otlp_router, litellm_router):
            app.include_router(router(inlet))
        gate = Gate(self.uow, self.clock)
        calls = GuardCalls(self.guard, gate, self.clock, wait_seconds=self._settings.outlay_guard_wait_seconds)
        app.include_router(guard_router(calls))
        app.add_middleware(GuardDoor, calls=calls)
        app.add_middleware(RequestIds)
        app.include_router(envelopes_router(self.uow, gate, self.clock))
        app.include_router(health_router(self.uow, self.clock))
        if slack is not None:
            app.include_router(slack_router(slack, signing_secret))
        return app

    async def stop(self) -> None:
        """Stop listening, let what runs finish, close the books."""
        await self._stack.aclose()

    def _wake(self) -> None:
        """Something was decided: it may have to be told, and Home tabs may say something else."""
        self.delivery.wake()
        self.leaves.wake()
        self.homes.wake()

    def _wake_for_breach(self) -> None:
        """A sponsor may have been asked."""
        self.delivery.wake()
        self.leaves.wake()

    async def _listen(self, app: FastAPI) -> None:
        # With its protocol named, asyncio switches Nagle's algorithm off; otherwise small answers wait 40 ms.
        is_v6 = ":" in self._settings.outlay_host
        family = socket.AF_INET6 if is_v6 else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_v6:
            # `::` means every address, the older ones too, whatever the machine's own default is.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._stack.callback(listener.close)
        listener.bind((self._settings.outlay_host, self._settings.outlay_port))
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if is_v6 else f"http://{host}:{port}"
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS, lifespan="off"
        )
        server = _WebServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="web")

        async def finish() -> None:
            server.should_exit = True
            await serving

        self._stack.push_async_callback(finish)
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.005)

    async def _connect(self, slack: AsyncApp, app_token: str) -> None:
        client = AsyncWebClient(token=app_token, base_url=self._settings.slack_api_url)
        handler = AsyncSocketModeHandler(slack, app_token, web_client=client)
        self._stack.push_async_callback(handler.close_async)
        # The SDK tries for ever; usage is counted and stopping works meanwhile.
        connecting = asyncio.create_task(handler.connect_async(), name="socket mode")  # type: ignore[no-untyped-call]

        async def cease() -> None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

        self._stack.push_async_callback(cease)
        done, _ = await asyncio.wait({connecting}, timeout=CONNECT_SECONDS)
        if done:
            await connecting
        else:
            log.warning("slack_not_reached", extra={"seconds": CONNECT_SECONDS})

    async def _tick(self) -> None:
        running = [
            asyncio.create_task(self.delivery.run(), name="delivery"),
            asyncio.create_task(self.homes.run(), name="homes"),
            asyncio.create_task(self.alerts.run(), name="alerts"),
            asyncio.create_task(self.leaves.run(), name="leaves"),
            asyncio.create_task(self.guard.run(self.clock), name="guard-sweep"),
        ]

        async def cease() -> None:
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

        self._stack.push_async_callback(cease)
        pulls = Pulls(self.uow, self._settings, self.clock)
        close = partial(
            run_close,
            terms=self._settings.close_terms,
            finance=self._settings.outlay_finance,
            learns=self._settings.outlay_learn,
        )
        night = every(days=1, after=timedelta(hours=3, minutes=47), late_by=AT_NIGHT)
        retention = Retention(self.uow, keep_days=self._settings.outlay_keep_events_days)
        remind = partial(remind_signers, self.uow, finance_team=self._settings.outlay_finance)
        # Hourly, so that a reminder comes at about the hour of the comparison.
        hourly = every(hours=1, after=timedelta(minutes=40))
        look = partial(look_for_departed, self.uow, self.reads, finance=self._settings.outlay_finance)
        oldest = timedelta(days=self._settings.outlay_price_days)
        trust = partial(watch_trust, self.uow, finance=self._settings.outlay_finance, oldest_price=oldest)
        scheduler = make_scheduler(
            self.uow, self.delivery, pulls, self.clock, close, zone_of=self.readers.zone_of,
            more=[
                Job("release_events", night, retention.run),
                Job("remind_signers", hourly, remind),
                Job("look_for_departed", every(days=1, after=LOOKED_AT), look),
                Job("watch_trust", every(hours=1), trust),
            ],
        )  # fmt: skip
        scheduler.start()
        self._stack.callback(scheduler.shutdown, wait=False)
        self.delivery.wake()
