"""Cursor pagination: https://docs.slack.dev/apis/web-api/pagination"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from sandbox.model import Json
from sandbox.webapi.call import Call, SlackError

Item = TypeVar("Item")


def page(items: Iterable[Item], call: Call, *, default: int, high: int) -> tuple[list[Item], Json]:
    """One page, and the `response_metadata` with the next cursor, empty on the last page."""
    limit = call.whole("limit", default, high)
    start = _offset(call.maybe("cursor"))
    some = list(islice(items, start, start + limit + 1))
    cursor = base64.b64encode(f"offset:{start + limit}".encode()).decode() if len(some) > limit else ""
    return some[:limit], {"next_cursor": cursor}


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.b64decode(cursor, validate=True).decode().removeprefix("offset:")))
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
