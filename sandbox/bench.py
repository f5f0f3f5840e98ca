"""Everything a request handler needs, put together once per sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sandbox.clock import Now
from sandbox.company import APP_TOKEN, BOT_TOKEN, NEEDED_SCOPES, OPTIONAL_SCOPES, SUBSCRIBED_EVENTS
from sandbox.deliveries import Deliveries, Delivery
from sandbox.faults import Fault, Faults
from sandbox.modals import Modals
from sandbox.model import Json
from sandbox.rate import RateLimit
from sandbox.socket_mode import SocketMode
from sandbox.stream import Stream
from sandbox.tickets import Tickets
from sandbox.traffic import Traffic
from sandbox.workspace import Workspace

OnClock = Callable[[str], Awaitable[Json]]


@dataclass
class Grants:
    """What the app was installed with, and whether its tokens still hold."""

    scopes: set[str] = field(default_factory=lambda: {*NEEDED_SCOPES, *OPTIONAL_SCOPES})
    events: set[str] = field(default_factory=lambda: set(SUBSCRIBED_EVENTS))
    commands: dict[str, Json] = field(default_factory=dict)  # name → what the page says about it, often nothing
    tokens: dict[str, str] = field(default_factory=lambda: {BOT_TOKEN: "bot", APP_TOKEN: "app"})
    revoked: bool = False


@dataclass
class Settings:
    """What the caller of the sandbox may choose. Seconds are real ones, not those of a story's clock."""

    on_clock: OnClock | None = None
    file_ready_seconds: float = 0.0
    quiet_seconds: float = 0.2
    tour: list[Json] = field(default_factory=list)
    samples: dict[str, bytes] = field(default_factory=dict)


class Bench:
    """The parts of one sandbox, wired to each other."""

    def __init__(self, *, now: Now, rate: RateLimit | None, settings: Settings, tickets: Tickets) -> None:
        self.url = ""
        self.settings = settings
        self.now = now
        self.stream = Stream()
        self.workspace = Workspace(self.stream, now)
        self.modals = Modals(self.stream)
        self.tickets = tickets
        self.grants = Grants()
        self.offers: dict[tuple[str, str], list[Json]] = {}  # (user, action_id) → options an app sent last
        self.faults = Faults()
        self.rate = rate
        self.traffic = Traffic(self.stream, now)
        self.socket = SocketMode(self.traffic)
        self.deliveries = Deliveries(socket=self.socket, traffic=self.traffic, faults=self.faults)

    def response_url(self, channel: str, user: str, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        return f"{self.url}/response/{self.tickets.response_url(channel, user, message_ts, thread_ts)}"

    async def struck(self, name: str) -> Fault | None:
        """The fault that hits a call, if any; a slow one has done its waiting."""
        fault = self.faults.strike(name)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        return fault

    def deliver_event(self, name: str, body: Json, *, user: str | None, channel: str | None) -> bool:
        """Sends an event if the app subscribes to `name`; says whether it does."""
        if name not in self.grants.events:
            return False
        self.deliveries.event(Delivery("event", body, user, channel))
        return True
