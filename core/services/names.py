"""Find a workload by the name somebody typed, with the nearest known name for a typo."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from core.errors import UnknownName
from core.store.unit_of_work import Transaction


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that this one was probably meant to be, or None."""
    found = get_close_matches(name.casefold(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


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
