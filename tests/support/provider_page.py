"""Refusals and page cursors of the stand-in for providers' APIs."""

from __future__ import annotations

import base64


class Refused(Exception):
    """The API's own refusal: status, and the words that its errors have."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def cursor_of(place: int) -> str:
    return "page_" + base64.urlsafe_b64encode(f"v1:{place}".encode()).decode()


def place_of(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor.removeprefix("page_")).decode().removeprefix("v1:"))
    except ValueError:
        raise Refused(400, "invalid_request_error", "page: not a cursor of this query") from None
