"""Find a workload by the name somebody typed, with the nearest known name for a typo."""

from __future__ import annotations

from core.errors import UnknownName
from core.spelling import nearest
from core.store.unit_of_work import Transaction


async def resolve(tx: Transaction, typed: str, *, command: str) -> tuple[int, str]:
    """(id, name) of the workload that was typed.

    Args:
      command: the start of the line to paste with the nearest name, like `/budget status`.

    Raises UnknownName.
    """
    names = await tx.workloads.names()
    name = "-".join(typed.strip().casefold().split())
    if name in names:
        return names[name], name
    close = nearest(name, names)
    shown = typed.strip()[:60]
    if close:
        raise UnknownName(
            f"There is no workload called “{shown}”. Did you mean {close}?", correction=f"{command} {close}"
        )
    raise UnknownName(f"There is no workload called “{shown}”. See them all with `/budget workload list`.")
