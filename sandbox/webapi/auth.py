"""api.test, auth.test and apps.connections.open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.company import APP_ID, BOT_ID, BOT_NAME, BOT_USER, TEAM_ID, TEAM_NAME
from sandbox.model import Json
from sandbox.webapi.call import Call, SlackError, method

if TYPE_CHECKING:
    from sandbox.bench import Bench


@method("api.test", caller="none")
def api_test(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/api.test"""
    if call.maybe("error"):
        raise SlackError(call.text("error"), args=call.args)
    return {"args": call.args}


@method("auth.test")
def auth_test(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/auth.test; an app-level token is told what app it belongs to."""
    if bench.grants.tokens[call.token] == "app":
        return {"app_name": BOT_NAME, "app_id": APP_ID}
    return {
        "url": f"{bench.url}/",
        "team": TEAM_NAME,
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", caller="app")
def apps_connections_open(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/apps.connections.open"""
    return {"url": f"{bench.url.replace('http', 'ws', 1)}/socket/{bench.socket.new_ticket()}"}
