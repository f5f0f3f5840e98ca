"""The Bolt app: one client that never sends twice, one for reads that may wait, and every listener."""

from __future__ import annotations

import logging
import secrets
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.desk import Desk
from bot.slack.identity import Readers
from bot.slack.interaction import Registrar
from bot.slack.listeners import register_all

TIMEOUT_SECONDS: Final = 10
REVOKED: Final = (
    "Slack no longer lets Outlay into this workspace, so this was not done. The books are whole; ask whoever runs Outlay "
    "to install the app again."
)
"""Said instead of Bolt's own words when the bot's token is refused."""


def build_app(desk: Desk) -> AsyncApp:
    """The app with its listeners, for HTTP (`AsyncSlackRequestHandler`) and for Socket Mode alike.

    The SDK repeats a call by itself when the connection breaks, and so posts twice when only the answer was lost
    (slack_sdk 3.47); the client for listeners therefore repeats nothing.
    """
    client = AsyncWebClient(token=desk.bot_token, base_url=desk.api_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
    reads = AsyncWebClient(
        token=desk.bot_token,
        base_url=desk.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
    )
    # The name is given because Bolt would otherwise look for it in the call stack.
    app = AsyncApp(
        name="outlay",
        client=client,
        # Without a secret nothing may come in over HTTP; an empty one would let anybody sign.
        signing_secret=desk.signing_secret or secrets.token_hex(32),
        process_before_response=False,
        user_facing_authorize_error_message=REVOKED,
        logger=logging.getLogger("outlay.bolt"),
    )
    register_all(Registrar(app, desk, Readers(reads, desk.uow.zone)))
    return app
