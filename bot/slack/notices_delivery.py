"""The notice to finance about what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping

from bot.composed import Composed, Composer
from bot.slack.views.undelivered import undelivered_message
from core.services.park_notices import KIND
from core.store.outbox import Notice


def delivery_composers() -> Mapping[str, Composer]:
    async def undelivered(notice: Notice) -> Composed:
        message = undelivered_message(notice.facts)
        return Composed(lambda _: message)

    return {KIND: undelivered}
