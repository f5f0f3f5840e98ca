"""Brings interactions and events to the app, signed over HTTP or through Socket Mode, and times its acknowledgement."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.company import SIGNING_SECRET
from sandbox.faults import Fault, Faults
from sandbox.model import Json
from sandbox.socket_mode import NoConnection, SocketMode
from sandbox.traffic import Traffic

ACK_SECONDS = 3.0  # https://docs.slack.dev/interactivity/handling-user-interaction
RETRY_SECONDS = (0.0, 60.0, 300.0)  # https://docs.slack.dev/apis/events-api (retries)
ENVELOPES = {"slash_command": "slash_commands", "event": "events_api"}  # Everything else is "interactive".


@dataclass(frozen=True)
class Delivery:
    """Something for the app. `type` names it in log and faults: "slash_command", "block_actions", "event" …"""

    type: str
    body: Json
    user: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Ack:
    """How the app answered. `error` is None when it was in time and well; `answer` is the body of its answer."""

    error: str | None
    status: int
    ms: float
    answer: Any = None

    @property
    def ok(self) -> bool:
        return self.error is None


class Deliveries:
    """One door to the app: Socket Mode when it is connected, otherwise the request URL."""

    def __init__(self, *, socket: SocketMode, traffic: Traffic, faults: Faults) -> None:
        self.request_url: str | None = None
        self.ack_seconds = ACK_SECONDS
        self.retry_seconds: Sequence[float] = RETRY_SECONDS
        self._socket, self._traffic, self._faults = socket, traffic, faults
        self._session: aiohttp.ClientSession | None = None
        self._events: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in tuple(self._events):
            task.cancel()
        await asyncio.gather(*self._events, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def verify(self, url: str) -> bool:
        """Asks the app at `url` to repeat a challenge, and delivers there from now on if it does.

        https://docs.slack.dev/reference/events/url_verification
        """
        challenge = secrets.token_hex(16)
        body = {"token": "", "challenge": challenge, "type": "url_verification"}
        ack = await self._over_http(Delivery("event", body), url, None)
        said = ack.answer.get("challenge", ack.answer.get("text")) if isinstance(ack.answer, dict) else None
        if said == challenge:
            self.request_url = url
        return said == challenge

    def event(self, delivery: Delivery) -> None:
        """Delivers an event in the background, up to three more times while it is not acknowledged."""
        task = asyncio.create_task(self._event(delivery))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def _event(self, delivery: Delivery) -> None:
        ack = await self.send(delivery)
        for number, seconds in enumerate(self.retry_seconds, 1):
            if ack.ok or ack.answer == "no_retry":
                return
            await asyncio.sleep(seconds)
            reason = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}
            ack = await self.send(delivery, retry=(number, reason.get(ack.error or "", "http_error")))

    async def send(self, delivery: Delivery, *, retry: tuple[int, str] | None = None) -> Ack:
        """Delivers once and waits for the acknowledgement, three seconds at most."""
        fault = self._faults.strike(f"delivery:{delivery.type}")
        started = time.perf_counter()
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind in {"429", "500", "gone", "revoked"}:
            ack = Ack("dispatch_failed", 0, 0.0)  # It never reaches the app.
        elif self._socket.connected:
            ack = await self._over_socket(delivery, retry)
        elif self.request_url:
            ack = await self._over_http(delivery, self.request_url, retry)
        else:
            ack = Ack("dispatch_failed", 0, 0.0)
        late = fault is not None and fault.kind == "slow" and fault.seconds + ack.ms / 1000 > self.ack_seconds
        if fault is not None and (fault.kind == "lost" or late):
            # The app did its work, but Slack heard of it too late or never.
            ack = Ack("operation_timeout", 0, ack.ms)
        self._log(delivery, ack, started, retry, fault)
        return ack

    async def _over_socket(self, delivery: Delivery, retry: tuple[int, str] | None) -> Ack:
        kind = ENVELOPES.get(delivery.type, "interactive")
        again: Json = {"retry_attempt": retry[0], "retry_reason": retry[1]} if retry else {}
        if kind == "events_api" and not retry:
            again = {"retry_attempt": 0, "retry_reason": ""}
        started = time.perf_counter()
        try:
            answer = await self._socket.deliver(kind, delivery.body, retry=again, seconds=self.ack_seconds)
        except TimeoutError:
            return Ack("operation_timeout", 0, _since(started))
        except NoConnection:
            return Ack("dispatch_failed", 0, _since(started))
        return Ack(None, 200, _since(started), answer)

    async def _over_http(self, delivery: Delivery, url: str, retry: tuple[int, str] | None) -> Ack:
        body, content_type = _encode(delivery)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (sandbox)"} | signature(body)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        if self._session is None:
            self._session = aiohttp.ClientSession()
        started = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=self.ack_seconds)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=timeout) as response:
                text = await response.text()
        except TimeoutError:
            return Ack("operation_timeout", 0, _since(started))
        except aiohttp.ClientError:
            return Ack("dispatch_failed", 0, _since(started))
        if response.status != 200:
            refused = "no_retry" if response.headers.get("X-Slack-No-Retry") else None
            return Ack("http_service_error", response.status, _since(started), refused)
        return Ack(None, 200, _since(started), _read(text, response.content_type))

    def _log(
        self, delivery: Delivery, ack: Ack, started: float, retry: tuple[int, str] | None, fault: Fault | None
    ) -> None:
        self._traffic.add(
            "delivery",
            ok=ack.ok,
            ms=_since(started),
            ack_ms=round(ack.ms, 1) if ack.ok else None,
            type=delivery.type,
            user=delivery.user,
            channel=delivery.channel,
            status=ack.status,
            error=ack.error,
            retry_num=retry[0] if retry else None,
            fault=fault.kind if fault else None,
            request=delivery.body,
            response=ack.answer or None,
        )


def signature(body: bytes, at: int | None = None) -> dict[str, str]:
    """Slack's v0 signature headers for a request body; `at` is seconds since the epoch, now by default.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _encode(delivery: Delivery) -> tuple[bytes, str]:
    """The body as Slack sends it: commands as a form, interactions as a form with `payload`, events as JSON."""
    if delivery.type == "event":
        return json.dumps(delivery.body).encode(), "application/json"
    form = delivery.body if delivery.type == "slash_command" else {"payload": json.dumps(delivery.body)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _read(text: str, content_type: str) -> Any:
    """The body of an acknowledgement: JSON, plain text as a message, or nothing."""
    if not text.strip():
        return None
    if content_type == "application/json" or text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            return {"text": text}
    return {"text": text}


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
