"""Tries again, every hour, what could not be delivered: somebody may have invited Outlay, or brought a channel back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.delivery.refusals import UNREACHED
from core.store.unit_of_work import UnitOfWork

TRIED_FOR: Final = timedelta(days=7)
"""What is older is no news any more and stays parked."""


async def retry_parked(uow: UnitOfWork, *, now: datetime) -> bool:
    """Make it due again; whether there may be something."""
    async with uow.write() as tx:
        return await tx.outbox.unpark(UNREACHED, due_at=now, since=now - TRIED_FOR) > 0
