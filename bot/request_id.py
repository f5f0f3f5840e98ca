"""One id for everything that a request causes: in the log lines, in the answer, and in what a person is told of a fault."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Request-Id"
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are mistaken for each other when somebody reads a reference out."""
_GIVEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")

current: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request or click that is being answered; None outside of one."""


def new_reference() -> str:
    """Eight characters that find one request in the log, such as `7KQ2-M9XB`."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{word[:4]}-{word[4:]}"


def reference() -> str:
    """The current id; a new one where nothing is being answered."""
    return current.get() or new_reference()


class RequestIds:
    """ASGI middleware: takes the caller's `X-Request-Id` where it is a tame word, makes one otherwise, and sends it back.

    It is never taken out again: the server answers every request in a task of its own, and what handles a fault comes last.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        known = given if _GIVEN.fullmatch(given) else new_reference()
        current.set(known)
        header = (HEADER.lower().encode(), known.encode())

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await self._app(scope, receive, sent)
