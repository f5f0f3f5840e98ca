"""The messages that asked for a change show what has become of it."""

from __future__ import annotations

from datetime import datetime

from core.store.outbox import Place
from core.store.unit_of_work import Transaction


async def show_request_anew(tx: Transaction, request_id: int, *, now: datetime) -> None:
    """Whoever was asked sees on the message what has become of the request."""
    subject = f"request/{request_id}"
    for recipient in await tx.outbox.posted(subject):
        await tx.outbox.add(
            f"{subject}/{recipient}/closed", "request", recipient, facts={"request_id": request_id}, at=now,
            request_id=request_id, subject=subject, place=Place.EDIT,
        )  # fmt: skip
