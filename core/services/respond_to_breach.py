"""What follows from a breach, in the transaction that opened or closed it."""

from __future__ import annotations

from datetime import datetime

from core.breach import Breach
from core.envelope import Envelope
from core.store.unit_of_work import Transaction


async def on_hard(tx: Transaction, breach: Breach, envelope: Envelope, *, now: datetime) -> None:
    """The hard threshold was crossed. Called when the breach opens, and again when numbers that could not be trusted can
    be: has to be idempotent. Where `breach.is_trusted` is false nothing is enforced.
    """


async def on_closed(tx: Transaction, breach: Breach, *, now: datetime) -> None:
    """A breach of any kind ended; `breach.closed_because` says why. Called once for each closing."""
