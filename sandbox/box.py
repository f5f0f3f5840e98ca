"""`Sandbox`: a Slack workspace on one's own machine, started and stopped from Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sandbox.bench import Bench, OnClock, Settings
from sandbox.clock import Now, real_now
from sandbox.company import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from sandbox.deliveries import RETRY_SECONDS
from sandbox.model import Json
from sandbox.rate import RateLimit
from sandbox.saved import Saved
from sandbox.server import LoopbackServer, build_app
from sandbox.tickets import TRIGGER_SECONDS, Tickets

DEFAULT_RATE = RateLimit(per_second=1.0, burst=10)


class Sandbox:
    """One workspace with its page, Web API and Socket Mode, all on one loopback port.

    Args:
      request_url: where deliveries go while no Socket Mode connection is open; may be set later.
      on_clock: called with "1h", "1d" or "month-end" when somebody moves the clock; what it returns is passed on.
      state_dir: where state is kept between runs; None throws it away.
      now: the workspace's time, for message times only. Triggers, response URLs and signatures use real time.
      rate_limit: messages per channel; None switches it off.
      scopes: granted scopes; None grants the needed and the optional ones of the sample app.
      commands: slash commands that exist, by name or with the `description` and `examples` the page offers.
      events: subscribed events; None subscribes to those of the sample app.
      trigger_seconds, retry_seconds, file_ready_seconds: Slack's own waits, for tests that cannot wait.
      quiet_seconds: how long nothing may happen before a control call answers with what a person saw.
      tour: steps of a guided tour for the page.
    """

    def __init__(
        self,
        *,
        request_url: str | None = None,
        on_clock: OnClock | None = None,
        state_dir: Path | str | None = None,
        now: Now = real_now,
        rate_limit: RateLimit | None = DEFAULT_RATE,
        scopes: Iterable[str] | None = None,
        commands: Iterable[str | Json] = ("/budget",),
        events: Iterable[str] | None = None,
        trigger_seconds: float = TRIGGER_SECONDS,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        file_ready_seconds: float = 0.0,
        quiet_seconds: float = 0.2,
        tour: Sequence[Json] = (),
    ) -> None:
        settings = Settings(on_clock, file_ready_seconds, quiet_seconds, list(tour))
        rate = RateLimit(rate_limit.per_second, rate_limit.burst, rate_limit.clock) if rate_limit else None
        self.bench = Bench(now=now, rate=rate, settings=settings, tickets=Tickets(trigger_seconds))
        described = ({"command": one} if isinstance(one, str) else one for one in commands)
        self.bench.grants.commands = {one["command"]: one for one in described}
        if scopes is not None:
            self.bench.grants.scopes = set(scopes)
        if events is not None:
            self.bench.grants.events = set(events)
        self.bench.deliveries.request_url = request_url
        self.bench.deliveries.retry_seconds = retry_seconds
        self.bot_token, self.app_token, self.signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
        self._saved = Saved(Path(state_dir), self.bench) if state_dir is not None else None
        self._server: LoopbackServer | None = None

    @property
    def url(self) -> str:
        """The page's address, without a slash at its end; empty before the start."""
        return self.bench.url

    @property
    def api_url(self) -> str:
        """The base of the Web API, with the slash at its end that clients expect."""
        return f"{self.bench.url}/api/"

    @property
    def scopes(self) -> set[str]:
        """The granted scopes; what is taken out is missing from the next call on."""
        return self.bench.grants.scopes

    @property
    def samples(self) -> dict[str, bytes]:
        """Files by name that the page offers wherever a form takes one, so that a tour needs none from the disk."""
        return self.bench.settings.samples

    @property
    def request_url(self) -> str | None:
        return self.bench.deliveries.request_url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self.bench.deliveries.request_url = url

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1; port 0 takes a free one. Raises OSError when the port is taken."""
        if self._saved is not None:
            self._saved.load()
        self._server = LoopbackServer(build_app(self.bench), port)
        self.bench.url = f"http://127.0.0.1:{self._server.port}"
        await self._server.start()
        if self._saved is not None:
            self._saved.keep()

    async def stop(self) -> None:
        """Ends streams, sockets and the server; saves the state where it is kept."""
        self.bench.stream.close()
        await self.bench.socket.disconnect("warning")
        await self.bench.deliveries.stop()
        if self._server is not None:
            await self._server.stop()
        if self._saved is not None:
            await self._saved.stop()

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
