"""One call described by several sources becomes one record: the best witness counts, and learns what the others knew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from core.intake.counts import NO_CACHE_SPLIT, TTL_UNKNOWN
from core.intake.labels import UNKNOWN
from core.intake.record import Record, Trust
from core.usage import MAX_TAGS, Quality, UsageEvent

_MEASURED: Final = {
    Quality.EXACT: 0, Quality.REPAIRED: 0, Quality.PARTIAL: 0, Quality.GUESSED: 1, Quality.MISSING: 2,
}  # fmt: skip
"""Measured counts beat guessed ones, and those beat none, whoever sends them; among equals trust decides."""

MERGED: Final = "also sent by {emitters}; counted once"


def merge(records: Iterable[Record]) -> list[Record]:
    """One record per call: those with the same provider response id are folded; records without one stay as they are.

    Works on the records of one payload and across sources and time alike. The order of first appearance is kept.
    Providers are compared loosely, since a proxy and its client name them differently but keep the id.
    """
    kept: list[Record | None] = []
    places: dict[str, int] = {}
    for record in records:
        if record.response_id is None:
            kept.append(record)
            continue
        place = places.setdefault(record.response_id, len(kept))
        if place == len(kept):
            kept.append(record)
        else:
            first = kept[place]
            kept[place] = fold(first, record) if first else record
    return [record for record in kept if record]


def rank(record: Record) -> tuple[bool, int, Trust, bool]:
    """How good a witness a record is; the lowest is best."""
    return (record.failed, _MEASURED[record.quality], record.trust, record.quality is Quality.PARTIAL)


def fold(one: Record, other: Record) -> Record:
    """Two descriptions of one call as one record. The same record twice stays as it is."""
    if one.source_key == other.source_key:
        return min(one, other, key=rank)
    best, loser = sorted((one, other), key=rank)
    event, split = best.event, best.ttl_known
    changes: dict[str, Any] = {}
    problems = list(best.problems)
    quality = best.quality
    if _same_totals(event, loser.event) and _MEASURED[loser.quality] == 0 and not loser.failed:
        changes, split = _details(best, loser)
        if split and TTL_UNKNOWN in problems:
            problems.remove(TTL_UNKNOWN)
        if quality is Quality.PARTIAL and loser.quality is Quality.EXACT:
            quality = loser.quality
            problems = [text for text in problems if text != NO_CACHE_SPLIT]
    changes |= _labels(best, loser)
    note = MERGED.format(emitters=loser.emitter or loser.trust.name.lower().replace("_", " "))
    return msgspec.structs.replace(
        best,
        event=msgspec.structs.replace(event, **changes) if changes else event,
        quality=quality,
        problems=tuple(dict.fromkeys([*problems, note])),
        ttl_known=split,
        tier_known=best.tier_known or loser.tier_known,
        merged_keys=tuple(dict.fromkeys([*best.merged_keys, loser.source_key, *loser.merged_keys])),
    )


def _same_totals(one: UsageEvent, other: UsageEvent) -> bool:
    # Output may differ (one emitter adds a stream's first count); then its split does not fit, but the input's does.
    return one.input_tokens == other.input_tokens


def _details(best: Record, loser: Record) -> tuple[dict[str, Any], bool]:
    """Counts that only the loser knew, as changes to the winner's event; and whether cache lifetimes are now known."""
    event, known = best.event, loser.event
    changes: dict[str, Any] = {}
    split = best.ttl_known
    if event.cache_read_tokens + event.cache_write_tokens == 0:
        if event.input_audio_tokens == 0:
            changes |= {name: getattr(known, name) for name in ("cache_read_tokens", "cache_write_tokens")}
            changes["cache_write_1h_tokens"] = known.cache_write_1h_tokens
            split = loser.ttl_known
    elif not best.ttl_known and loser.ttl_known and event.cache_write_tokens == known.cache_write_tokens:
        changes["cache_write_1h_tokens"] = known.cache_write_1h_tokens
        split = True
    if event.reasoning_tokens == 0 and known.reasoning_tokens <= event.output_tokens - event.output_audio_tokens:
        changes["reasoning_tokens"] = known.reasoning_tokens
    if event.web_searches == 0:
        changes["web_searches"] = known.web_searches
    return {name: value for name, value in changes.items() if value != getattr(event, name)}, split


def _labels(best: Record, loser: Record) -> dict[str, Any]:
    event, known = best.event, loser.event
    changes: dict[str, Any] = {}
    if not best.tier_known and loser.tier_known:
        changes["tier"] = known.tier
    if event.cost_reported is None and known.cost_reported is not None:
        changes["cost_reported"] = known.cost_reported
    if event.workload is None and known.workload is not None:
        changes["workload"] = known.workload
    if event.response_id is None and known.response_id is not None:
        changes["response_id"] = known.response_id
    if event.model == UNKNOWN:
        changes["model"] = known.model
    if event.provider == UNKNOWN:
        changes["provider"] = known.provider
    if known.tags.keys() - event.tags.keys():
        tags = {**event.tags}
        for name, value in known.tags.items():
            if len(tags) < MAX_TAGS:
                tags.setdefault(name, value)
        changes["tags"] = tags
    return changes
