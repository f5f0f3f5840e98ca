"""users.info and users.list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.model import Json
from sandbox.webapi.call import Call, SlackError, method
from sandbox.webapi.paging import page
from sandbox.webapi.shapes import api_user

if TYPE_CHECKING:
    from sandbox.bench import Bench


@method("users.info", scopes=("users:read",))
def user_info(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/users.info"""
    user = bench.workspace.users.get(call.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": api_user(user, bench.now())}


@method("users.list", scopes=("users:read",))
def list_users(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/users.list; deactivated people are in it."""
    some, metadata = page(bench.workspace.users.values(), call, default=1000, high=1000)
    now = bench.now()
    return {
        "members": [api_user(user, now) for user in some],
        "cache_ts": int(now.timestamp()),
        "response_metadata": metadata,
    }
