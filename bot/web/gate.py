"""Who calls: bearer tokens, remembered for a moment, because the guard is asked thousands of times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.errors import BadToken
from core.services.manage_tokens import source_for
from core.store.source_rows import Source
from core.store.unit_of_work import UnitOfWork

REMEMBERED_SECONDS: Final = 1.0
"""A token that is revoked stops working within this time."""
_MAX_REMEMBERED: Final = 1_000


class Gate:
    """Finds the source behind an `Authorization` header."""

    def __init__(self, uow: UnitOfWork, clock: Callable[[], datetime]) -> None:
        self._uow = uow
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Source]] = {}

    async def source(self, authorization: str | None, scope: str) -> Source:
        """The sender, who has this scope. Raises BadToken, MissingScope."""
        key = (authorization or "", scope)
        found = self._known.get(key)
        if found and time.monotonic() - found[0] < REMEMBERED_SECONDS:
            return found[1]
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise BadToken(
                f"Send the token as `Authorization: Bearer …`. Make one with `outlay token create NAME --scope {scope}`."
            )
        source = await source_for(self._uow, token.strip(), scope, now=self._clock())
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = (time.monotonic(), source)
        return source
