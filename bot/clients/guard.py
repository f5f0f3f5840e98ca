"""Asking the guard from a gateway: authorize before a request, settle after it.

    guard = GuardClient("http://127.0.0.1:8400", token, fail_open=False)
    decision = await guard.authorize(Request("r-1", "openai", "gpt-4.1", 1000, 500, workload="search-bot"))
    if decision.is_allowed:
        ...  # send it with decision.model and decision.max_output_tokens
        guard.settle_later(decision, usage)

Needs aiohttp; imports nothing else of Outlay.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

log = logging.getLogger(__name__)

_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.1
_MAX_PAUSE_SECONDS: Final = 30.0
_AT_ONCE: Final = 32
MAX_UNSETTLED: Final = 10_000
"""Settlements that may wait for a guard that is away; beyond, the oldest is dropped, and its hold is charged in full."""


class GuardUnreachable(Exception):
    """The guard did not answer in time, or answered that it cannot now."""


class GuardRefused(Exception):
    """The guard understood and says that the call itself is wrong: a bad token, an unknown workload, a bad count."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a model request before it is sent. `tags` may stand for `workload`.

    Attributes:
      request_id: the same for every try of one request.
      max_output_tokens: None when the caller states none; then the decision says what to set.
      more: further fields of the call (`cache_write_tokens`, `ttl_seconds`, …).
    """

    request_id: str
    provider: str
    model: str
    input_tokens: int
    max_output_tokens: int | None = None
    workload: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        stated = {
            "request_id": self.request_id,
            "provider": self.provider,
            "model": self.model,
            "input_tokens": self.input_tokens,
            "max_output_tokens": self.max_output_tokens,
            "workload": self.workload,
            "tags": dict(self.tags),
        }
        return {**stated, **self.more}


@dataclass(frozen=True, slots=True)
class Decision:
    """The guard's answer.

    Attributes:
      decision: `allow`, `degrade` (use `model` and `max_output_tokens` as they are here) or `deny`.
      hold_id: what to settle; None for a denial, and when the guard was away and the gateway fails open.
      retry_after: seconds after which a denied request may pass, because money is only held; None when it is spent.
      is_guarded: False when the guard was away and the gateway's own fail mode decided.
      lease: set by a leasing client.
    """

    decision: str
    model: str
    max_output_tokens: int | None
    hold_id: str | None
    reason: str
    retry_after: float | None = None
    is_guarded: bool = True
    lease: Any = None
    held_nanos: int = 0

    @property
    def is_allowed(self) -> bool:
        return self.decision != "deny"


class GuardClient:
    """One gateway's connection to the guard; close it with `aclose` or use it in `async with`.

    Args:
      fail_open: what happens when the guard is away: True lets requests through unguarded, False refuses them.
      timeout_seconds: for one call, all its tries together.
      wait_seconds: how long the guard may keep a request waiting for money that others only hold; None = the guard's default.
        Has to be well below the timeout.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        fail_open: bool = False,
        timeout_seconds: float = 10.0,
        wait_seconds: float | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._fail_open = fail_open
        self._timeout = timeout_seconds
        self._wait = wait_seconds
        self._session: aiohttp.ClientSession | None = None
        self._unsettled: deque[tuple[str, Mapping[str, Any] | None]] = deque(maxlen=MAX_UNSETTLED)
        self._settling: asyncio.Task[None] | None = None

    async def authorize(self, request: Request) -> Decision:
        """May this request go out? Raises GuardRefused when the call itself is wrong; an absent guard never raises."""
        body = request.body()
        if self._wait is not None:
            body.setdefault("wait_seconds", self._wait)
        try:
            told = await self.call("authorize", body)
        except GuardUnreachable as away:
            return self._alone(request, away)
        return Decision(
            told["decision"], told["model"], told["max_output_tokens"], told["hold_id"], told["reason"], told.get("retry_after")
        )  # fmt: skip

    async def settle(self, decision: Decision, usage: Mapping[str, Any] | None) -> str | None:
        """Tell what the request used (a usage event), or None when it was never sent; what was charged, in dollars.

        Raises GuardUnreachable; the same call can be repeated.
        """
        if decision.hold_id is None:
            return None
        told = await self.call("settle", {"hold_id": decision.hold_id, "usage": usage})
        return str(told["charged_usd"])

    def settle_later(self, decision: Decision, usage: Mapping[str, Any] | None) -> None:
        """The same without waiting: sent in the background, again and again until the guard has it."""
        if decision.hold_id is None:
            return
        if len(self._unsettled) == MAX_UNSETTLED:
            log.error("settlement_dropped", extra={"hold_id": self._unsettled[0][0]})
        self._unsettled.append((decision.hold_id, usage))
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_all(), name="guard-settle")

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One call of `/v1/guard`, tried again when it is safe: every call may be repeated. Raises GuardUnreachable, GuardRefused."""
        try:
            async with asyncio.timeout(self._timeout):
                for turn in range(_TRIES):
                    told = await self._try(path, body)
                    if told is not None:
                        return told
                    await asyncio.sleep(_PAUSE_SECONDS * 2**turn)
        except TimeoutError as late:
            raise GuardUnreachable(f"the guard did not answer within {self._timeout:g} s") from late
        raise GuardUnreachable("the guard does not answer")

    async def aclose(self) -> None:
        """Send what is still to be settled, for as long as one call may take, and disconnect."""
        if self._settling is not None:
            await asyncio.wait([self._settling], timeout=self._timeout)
            self._settling.cancel()
        if self._unsettled:
            log.error("settlements_unsent", extra={"count": len(self._unsettled)})
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> GuardClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _try(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer, or None when it is worth another try."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, headers=self._headers)
        try:
            async with self._session.post(f"{self._url}/v1/guard/{path}", json=body) as answer:
                if answer.status >= 500 or answer.status == 429:
                    return None
                told = await answer.json()
        except (aiohttp.ClientError, OSError, ValueError):
            return None
        if answer.status != 200:
            raise GuardRefused(str(told.get("error", answer.status)))
        return dict(told)

    def _alone(self, request: Request, away: GuardUnreachable) -> Decision:
        decision, mode = ("allow", "open") if self._fail_open else ("deny", "closed")
        log.warning("guard_unreachable", extra={"request_id": request.request_id, "fail_mode": mode})
        reason = f"The budget guard cannot be asked ({away}); this gateway fails {mode}."
        return Decision(decision, request.model, request.max_output_tokens, None, reason, is_guarded=False)

    async def _settle_all(self) -> None:
        pause = _PAUSE_SECONDS
        while self._unsettled:
            part = [self._unsettled.popleft() for _ in range(min(_AT_ONCE, len(self._unsettled)))]
            kept = [
                item
                for item, is_done in zip(part, await asyncio.gather(*map(self._is_settled, part)), strict=True)
                if not is_done
            ]
            if not kept:
                pause = _PAUSE_SECONDS
                continue
            self._unsettled.extendleft(reversed(kept[-(MAX_UNSETTLED - len(self._unsettled)) :]))
            await asyncio.sleep(pause)
            pause = min(_MAX_PAUSE_SECONDS, pause * 2)

    async def _is_settled(self, item: tuple[str, Mapping[str, Any] | None]) -> bool:
        try:
            await self.call("settle", {"hold_id": item[0], "usage": item[1]})
        except GuardUnreachable:
            return False
        except GuardRefused as refused:
            # Sending it again would change nothing; the hold is charged in full when it expires.
            log.error("settlement_refused", extra={"hold_id": item[0], "reason": str(refused)})
        return True


def now_text() -> str:
    """This instant as a usage event writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")  # noqa: TID251 - a gateway has its own clock
