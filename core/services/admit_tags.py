"""Labels of new usage as they are kept: aliases applied, and tags with too many values folded into `(many)`."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from core.attribution import Labels
from core.store.unit_of_work import Transaction
from core.tags import MANY, Aliases

Key = TypeVar("Key")
log = logging.getLogger(__name__)


async def admit(
    tx: Transaction, wanted: Mapping[Key, tuple[Labels, int]], *, aliases: Aliases, limit: int
) -> tuple[dict[Key, Labels], set[Key]]:
    """The labels to intern for each key, and the keys of which a value was folded.

    Args:
      wanted: (labels as sent, day of the event since 1970 UTC), in the order in which the events came.
      limit: values never seen before that one day of usage may bring to a tag; a value once admitted always is. Two
        processes that admit at once may each use the room that is left.
    """
    kept = {
        key: (replace(labels, tags=aliases.tags(labels.tags)) if aliases else labels, day)
        for key, (labels, day) in wanted.items()
    }
    beyond = await _beyond(tx, kept, limit=limit)
    if not beyond:
        return {key: labels for key, (labels, _) in kept.items()}, set()
    folded = {key for key, (labels, _) in kept.items() if beyond.intersection(labels.tags)}
    return {
        key: replace(labels, tags=tuple((name, MANY if (name, value) in beyond else value) for name, value in labels.tags))
        for key, (labels, _) in kept.items()
    }, folded  # fmt: skip


async def _beyond(tx: Transaction, kept: Mapping[Key, tuple[Labels, int]], *, limit: int) -> set[tuple[str, str]]:
    """The (tag, value) pairs for which there is no room any more; the others are known from now on."""
    brought: dict[tuple[str, str], int] = {}
    for labels, day in kept.values():
        for name, value in labels.tags:
            if value != MANY:
                brought.setdefault((name, value), day)
    unknown = await tx.tags.unknown(brought)
    by_day: dict[tuple[str, int], list[str]] = defaultdict(list)
    for (name, value), day in brought.items():
        if (name, value) in unknown:
            by_day[name, day].append(value)
    known, beyond = [], set()
    for (name, day), values in by_day.items():
        room = max(0, limit - await tx.tags.new_on(name, day))
        known += [(name, value, day) for value in values[:room]]
        beyond |= {(name, value) for value in values[room:]}
        if len(values) > room:
            log.warning("tag_values_folded", extra={"tag": name[:64], "values": len(values) - room, "limit": limit})
    if known:
        await tx.tags.know(known)
    return beyond
