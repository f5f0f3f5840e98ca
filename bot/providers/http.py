"""One GET against a provider's organization API: patient where waiting helps, and silent about the key.

The key goes into one header of the session and nowhere else: no log line, no error and no redirect carries it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from core.errors import KeyRefused, Unavailable, Unreadable

log = logging.getLogger(__name__)

MAX_PAGE: Final = 64 * 1024 * 1024
"""Bytes of one answer. A page of 31 days with thousands of rows has a few megabytes."""
_MAX_ERROR: Final = 64 * 1024
_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
"""529 is Anthropic's "overloaded"."""
_SHOWN: Final = frozenset("abcdefghijklmnopqrstuvwxyz_")


class NotServed(Exception):
    """This organization does not have this report, or not in this form (400, 403, 404): another one may do.

    Attributes:
      refusal: what to raise when there is no other.
    """

    def __init__(self, refusal: KeyRefused | Unreadable) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try one request.

    Attributes:
      attempts: requests made at most.
      first_seconds, longest_seconds: the first pause and its bound; every further pause is twice as long, with jitter.
      retry_after_seconds: a longer wait than this, asked for by `Retry-After`, is left to the next pull.
      timeout_seconds: for one whole answer.
    """

    attempts: int = 6
    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    retry_after_seconds: float = 120.0
    timeout_seconds: float = 60.0


class OrganizationApi:
    """A provider's API with an admin key.

    Args:
      name: the provider as people call it.
      key_variable: the environment variable that holds the key, to be named when the key is refused.
      headers: those that carry the key and the version.
    """

    def __init__(
        self, name: str, base_url: str, *, headers: Mapping[str, str], key_variable: str, patience: Patience | None = None,
        clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self.name = name
        self._base = URL(base_url.rstrip("/"))
        self._key_variable = key_variable
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        self._session = aiohttp.ClientSession(
            headers={"Accept": "application/json", "User-Agent": "outlay", **headers},
            timeout=aiohttp.ClientTimeout(total=self._patience.timeout_seconds, connect=15),
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(
        self, path: str, query: Sequence[tuple[str, str]], *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of a 200.

        Raises:
          KeyRefused: 401.
          NotServed: 400, 403 or 404.
          Unreadable: another refusal, a redirect or too large an answer; asking again would not help.
          Unavailable: no answer, 429 or 5xx to every attempt.
        """
        url = self._base.joinpath(path.lstrip("/")).with_query(list(query))
        last = ""
        for attempt in range(1, self._patience.attempts + 1):
            pause: float | None = None
            try:
                # A redirect would take the key to another host.
                async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status == HTTPStatus.OK:
                        return await self._body(answer, path)
                    if answer.status not in _RETRIED:
                        raise await self._refusal(answer, path)
                    last = f"answered {answer.status}"
                    pause = _retry_after(answer.headers.get("Retry-After"), self._clock())
            except (aiohttp.ClientError, TimeoutError) as failed:
                # Only the kind of failure: the text of some of these errors quotes the request.
                last = "took too long" if isinstance(failed, TimeoutError) else f"failed ({type(failed).__name__})"
            if pause is not None and pause > self._patience.retry_after_seconds:
                raise Unavailable(f"{self.name} asks to wait {pause:,.0f} seconds; the next pull goes on from here.")
            if attempt < self._patience.attempts:
                wait = self._pause(attempt) if pause is None else pause
                log.warning(
                    "provider_retry", extra={"provider": self.name, "path": path, "last": last, "wait_seconds": wait}
                )
                await self._sleep(wait)
        raise Unavailable(
            f"{self.name} {last} to {self._patience.attempts} requests for {path}; the next pull goes on from here."
        )

    def _pause(self, attempt: int) -> float:
        longest = min(self._patience.first_seconds * 2.0 ** (attempt - 1), self._patience.longest_seconds)
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads replicas, guards nothing

    async def _body(self, answer: aiohttp.ClientResponse, path: str) -> bytes:
        parts = bytearray()
        async for part in answer.content.iter_chunked(256 * 1024):
            parts += part
            if len(parts) > MAX_PAGE:
                raise Unreadable(
                    f"{self.name} answered {path} with more than {MAX_PAGE // 1024**2} MB; that is not read."
                )
        return bytes(parts)

    async def _refusal(self, answer: aiohttp.ClientResponse, path: str) -> Exception:
        code = _error_code(await answer.content.read(_MAX_ERROR))
        said = f"{answer.status} {code}".strip()
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return KeyRefused(
                f"{self.name} refused the admin key ({said}). Make a new one and put it into {self._key_variable}."
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            return NotServed(
                KeyRefused(
                    f"{self.name} does not let this key read {path} ({said}). "
                    f"{self._key_variable} has to hold an organization's admin key."
                )
            )
        wrong = Unreadable(f"{self.name} refused the request for {path} ({said}).")
        return NotServed(wrong) if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND) else wrong


def _error_code(body: bytes) -> str:
    """The provider's word for what is wrong, such as `invalid_request_error`.

    Never its sentence: OpenAI's quotes the start and the end of the key.
    """
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    error = told.get("error") if isinstance(told, dict) else None
    found = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    return found if isinstance(found, str) and len(found) <= 60 and set(found) <= _SHOWN else ""


def _retry_after(told: str | None, now: datetime) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None when it is neither."""
    if told is None:
        return None
    if told.strip().replace(".", "", 1).isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError):
        return None
