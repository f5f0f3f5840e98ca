"""What Slack says about the app itself. Nobody can be told in Slack any more, so that the log has to say it loudly."""

from __future__ import annotations

import logging
from typing import Any

from bot.slack.interaction import Registrar

log = logging.getLogger(__name__)


def register(registrar: Registrar) -> None:
    registrar.app.event("app_uninstalled")(access_lost)
    registrar.app.event("tokens_revoked")(access_lost)


async def access_lost(event: dict[str, Any]) -> None:
    """Bolt has acknowledged the event already; without a listener Slack would send it three more times."""
    log.error(
        "slack_access_lost", extra={"event": str(event.get("type")), "way_out": "reinstall, then set SLACK_BOT_TOKEN"}
    )
