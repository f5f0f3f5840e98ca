"""The workspace's preferences: read by whoever makes an envelope, changed by finance, every change in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from core.people import Actor
from core.preferences import Preferences
from core.store.unit_of_work import Transaction, UnitOfWork

NAME: Final = "preferences"


async def preferences_in(tx: Transaction) -> Preferences:
    """As they are in this transaction: one short read."""
    kept = await tx.meta.get(NAME)
    return Preferences.unpacked(msgspec.json.decode(kept)) if kept else Preferences()


async def read_preferences(uow: UnitOfWork) -> Preferences:
    async with uow.read() as tx:
        return await preferences_in(tx)


async def set_preferences(
    uow: UnitOfWork, given: Mapping[str, Any], *, by: Actor, now: datetime
) -> tuple[Preferences, Preferences]:
    """Before and after. None takes a preference back. Raises NotAllowed, OutOfRange."""
    by.require_finance("change the settings")
    async with uow.write() as tx:
        # The audit's lock first: two who change at once would each overwrite the other's preference.
        await tx.audit.hold()
        before = await preferences_in(tx)
        after = before.changed(given)
        if after != before:
            await tx.meta.put(NAME, msgspec.json.encode(after.packed(), order="sorted").decode())
            await tx.audit.append(at=now, actor=by.id, act="changed settings", subject="settings", detail=dict(given))
    return before, after
