"""A client out of control: asks the guard for one request after another, on many connections, until it is refused for good.

The upstream beside it counts what was really spent; the guard has to keep that within the envelope.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bot.clients.guard import GuardClient, Request
from bot.clients.leases import LeasingGuard

NANOS: Final = 1_000_000_000
CENT: Final = NANOS // 100
ASKED: Final = {"provider": "openai", "model": "gpt-4.1", "input_tokens": 1000, "max_output_tokens": 1000}
USED: Final = {"provider": "openai", "model": "gpt-4.1", "input_tokens": 1000, "output_tokens": 1000}
"""One cent at the list price of November 2026: 2 and 8 dollars per million."""

_TRIES: Final = 200


@dataclass
class Upstream:
    """The provider: takes its time, and counts what it was paid, in nanos."""

    seconds: float = 0.0
    spent: int = 0
    in_flight: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, nanos: int) -> None:
        self.in_flight += nanos
        await asyncio.sleep(self.seconds)
        self.in_flight -= nanos
        self.spent += nanos
        self._more.set()

    async def reached(self, nanos: int) -> None:
        """Wait until that much is spent."""
        while self.spent < nanos:
            self._more.clear()
            await self._more.wait()


@dataclass
class Runaway:
    """One run against one or several replicas.

    Attributes:
      asked, used: what every request states, and what it then uses at `nanos` a piece.
      respects_limit: the upstream stops at the output limit that the guard returned (8 dollars per million beyond the input).
      at_first_denial: spent and in flight when somebody was first refused, in nanos.
      held_denials: refusals because money was held; asked again after a moment, under the same request id.
    """

    urls: Sequence[str]
    token: str
    workload: str
    upstream: Upstream
    asked: Mapping[str, Any] = field(default_factory=lambda: dict(ASKED))
    used: Mapping[str, Any] = field(default_factory=lambda: dict(USED))
    nanos: int = CENT
    respects_limit: bool = False
    name: str = "r"
    at_first_denial: int | None = None
    at_first_held_denial: int | None = None
    allowed: int = 0
    denied: int = 0
    held_denials: int = 0
    _numbers: Any = field(default_factory=itertools.count)
    _held_tries: int = 1_000

    async def run_leasing(self, concurrency: int, *, gateways: int = 2, lease_usd: str = "0.10") -> None:
        """The same through leases: that many gateways share the envelope, each with leases of its own."""
        async with AsyncExitStack() as stack:
            leasing = []
            for place in range(gateways):
                url = self.urls[place % len(self.urls)]
                client = await stack.enter_async_context(GuardClient(url, self.token, timeout_seconds=20))
                guard = LeasingGuard(client, self.workload, lease_usd=lease_usd)
                stack.push_async_callback(guard.aclose)
                leasing.append(guard)
            await asyncio.gather(*(self._lease_work(leasing[turn % gateways]) for turn in range(concurrency)))

    async def _lease_work(self, guard: LeasingGuard) -> None:
        while True:
            request_id = f"{self.name}-{next(self._numbers)}"
            asked = self.asked
            request = Request(
                request_id, asked["provider"], asked["model"], asked["input_tokens"], asked.get("max_output_tokens")
            )
            while not (decision := await guard.authorize(request)).is_allowed:
                if not self._is_asked_again(decision.retry_after):
                    return
                await asyncio.sleep(0.2)
            self.allowed += 1
            await self.upstream.call(self.nanos)
            guard.settle_later(decision, {"id": request_id, **self.used})

    async def run(self, concurrency: int, *, held_tries: int = 1_000) -> None:
        """Until every connection has been refused because the money is spent, or so often because it is held."""
        self._held_tries = held_tries
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            connector=connector, headers={"Authorization": f"Bearer {self.token}"}
        ) as session:
            await asyncio.gather(*(self._work(session) for _ in range(concurrency)))

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            request_id = f"{self.name}-{next(self._numbers)}"
            answer = await self._allowed(session, request_id)
            if answer is None:
                return
            self.allowed += 1
            used, nanos = dict(self.used), self.nanos
            if self.respects_limit and used["output_tokens"] > answer["max_output_tokens"]:
                nanos -= (used["output_tokens"] - answer["max_output_tokens"]) * 8_000
                used["output_tokens"] = answer["max_output_tokens"]
            await self.upstream.call(nanos)
            await self._post(session, "settle", {"hold_id": answer["hold_id"], "usage": {"id": request_id, **used}})

    async def _allowed(self, session: aiohttp.ClientSession, request_id: str) -> dict[str, Any] | None:
        """The answer that lets the request through, or None when there is no money any more."""
        while True:
            body = {"request_id": request_id, "workload": self.workload, **self.asked}
            answer = await self._post(session, "authorize", body)
            if answer["decision"] != "deny":
                return answer
            if not self._is_asked_again(answer["retry_after"]):
                return None
            await asyncio.sleep(0.2)

    def _is_asked_again(self, retry_after: float | None) -> bool:
        """Note a denial; whether it is only for now."""
        gone = self.upstream.spent + self.upstream.in_flight
        if retry_after is None:
            self.denied += 1
            if self.at_first_denial is None:
                self.at_first_denial = gone
            return False
        self.held_denials += 1
        if self.held_denials > self._held_tries:
            return False
        if self.at_first_held_denial is None:
            self.at_first_held_denial = gone
        return True

    async def _post(self, session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Asked again elsewhere, word for word, when a replica does not answer."""
        for turn in range(_TRIES):
            url = self.urls[(hash(body.get("request_id") or body.get("hold_id")) + turn) % len(self.urls)]
            try:
                async with session.post(f"{url}/v1/guard/{path}", json=body) as answer:
                    told = await answer.json()
                    if answer.status == 200:
                        return dict(told)
                    if answer.status != 503:
                        raise RuntimeError(f"{answer.status}: {told}")
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
        raise RuntimeError("no replica answers")
