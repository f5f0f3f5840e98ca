"""Several reports of one call become one: the best witness is counted and learns what the others knew.

Two sources may describe the same call: an SDK and an instrumentation, a proxy and its client. The provider's response id
joins them. Both reports stay in the journal; the one that is not counted is marked as superseded and is in no sum.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from core.attribution import Labels
from core.double_capture import CHECKS
from core.intake.merging import fold
from core.intake.record import Record, Trust
from core.money import decimal_string
from core.posting import KNOWS, QUALITIES, QUALITY, RESPONSE_ID, SUPERSEDED, TRUST, Claim, Row, response_key
from core.store.columns import instant
from core.store.unit_of_work import Transaction
from core.usage import TokenClasses, UsageEvent
from core.witness import Knows, Witness

WINDOW: Final = timedelta(hours=24)
"""How far apart two reports of one call may lie: delayed callbacks and clocks that are off, but no reused id."""

RowOf = Callable[[Transaction, int, UsageEvent, Witness], Awaitable[Row | None]]
"""(transaction, source id, event, witness) → the journal row, priced and attributed; None when it cannot be booked."""


@dataclass(slots=True)
class Folded:
    """What a batch with second reports comes to.

    Attributes:
      rows: the batch's rows as they are to be inserted, in the old order; some merged, some marked as superseded.
      amended: rows of the journal as (before, after); the after is None where the row is superseded now.
      handed: answers that another event counts for from now on.
    """

    rows: list[Row]
    amended: list[tuple[Row, Row | None]] = field(default_factory=list)
    handed: list[Claim] = field(default_factory=list)


async def fold_reports(
    tx: Transaction, rows: Sequence[Row], contested: Mapping[int, tuple[int, str]], row_of: RowOf
) -> Folded:
    """Fold the rows whose answer another event counts for already.

    Args:
      contested: response key → (source id, event id) of that other event.

    Rows that are in the journal already are left alone: a report that is sent again changes nothing.
    """
    folded = Folded(list(rows))
    places = {response_key(row[RESPONSE_ID]): place for place, row in enumerate(rows) if row[RESPONSE_ID]}
    here = {key: places[key] for key in contested if key in places}
    if not here:
        return folded
    sent_before = await tx.journal.existing(rows[0][0], [rows[place][1] for place in here.values()])
    others = await tx.journal.rows_at([contested[key] for key in here])
    series = {row[3] for row in others.values()} | {rows[place][3] for place in here.values()}
    labels = await tx.series.of(series)
    for key, place in here.items():
        new, old = rows[place], others.get(contested[key])
        if new[1] in sent_before or old is None or not is_same_call(new, old):
            continue
        if old[SUPERSEDED] == CHECKS:
            # Its source only checks by now: the answer counts by this report.
            folded.handed.append((key, new[0], new[1]))
            continue
        await _fold(tx, folded, place, (new, old), labels, row_of)
    return folded


def is_same_call(one: Row, other: Row) -> bool:
    """Whether two rows with one response id describe one call.

    Not when both are native events of one source (there the event's own id decides), when either is an aggregate, or
    when they lie further apart than `WINDOW`.
    """
    if one[0] == other[0] and one[TRUST] == other[TRUST] == Trust.NATIVE:
        return False
    near = abs(one[2] - other[2]) <= WINDOW // timedelta(microseconds=1)
    return bool(near and one[5] == other[5] == 1 and one[RESPONSE_ID] == other[RESPONSE_ID])


async def _fold(
    tx: Transaction, folded: Folded, place: int, pair: tuple[Row, Row], labels: Mapping[int, Labels], row_of: RowOf
) -> None:
    new, old = pair
    ours, theirs = record_of(new, labels[new[3]]), record_of(old, labels[old[3]])
    merged = fold(theirs, ours)
    if merged.source_key == ours.source_key:
        folded.rows[place] = await row_of(tx, new[0], _named(merged.event, new[1]), witness_of(merged, ours)) or new
        folded.amended.append((old, None))
        folded.handed.append((response_key(new[RESPONSE_ID]), new[0], new[1]))
        return
    folded.rows[place] = superseded(new)
    if merged.event != theirs.event or merged.quality is not theirs.quality or merged.ttl_known != theirs.ttl_known:
        after = await row_of(tx, old[0], _named(merged.event, old[1]), witness_of(merged, theirs))
        if after:
            folded.amended.append((old, after))


def superseded(row: Row) -> Row:
    return (*row[:SUPERSEDED], 1)


def _named(event: UsageEvent, event_id: str) -> UsageEvent:
    return event if event.id == event_id else msgspec.structs.replace(event, id=event_id)


def record_of(row: Row, labels: Labels) -> Record:
    """The record that a journal row keeps; its key names the source too, since ids are unique within one only."""
    classes = TokenClasses(*row[6:15])
    event = UsageEvent(
        id=row[1], at=instant(row[2]), provider=labels.provider, model=labels.model, requests=row[5],
        input_tokens=classes.input_total, cache_read_tokens=classes.cache_read,
        cache_write_tokens=classes.cache_write + classes.cache_write_1h, cache_write_1h_tokens=classes.cache_write_1h,
        input_audio_tokens=classes.input_audio, output_tokens=classes.output_total, reasoning_tokens=classes.reasoning,
        output_audio_tokens=classes.output_audio, web_searches=classes.web_searches, tags=dict(labels.tags),
        tier=labels.tier, workload=labels.workload, response_id=row[RESPONSE_ID],
        cost_reported=None if row[17] is None else decimal_string(row[17]),
    )  # fmt: skip
    knows = row[KNOWS]
    return Record(
        event=event, quality=QUALITIES[row[QUALITY]], source_key=f"{row[0]}:{row[1]}", trust=Trust(row[TRUST]),
        failed=bool(knows & Knows.FAILURE), ttl_known=bool(knows & Knows.CACHE_LIFETIMES), tier_known=bool(knows & Knows.TIER),
    )  # fmt: skip


def witness_of(record: Record, before: Record | None = None) -> Witness:
    """What the journal keeps of how a record came to be known; `before` is the record before it learned from another."""
    knows = (
        (_LIFETIMES if record.ttl_known else 0)
        + (_TIER if record.tier_known else 0)
        + (_FAILURE if record.failed else 0)
    )
    if before is not None:
        return Witness(record.quality, record.trust, knows + Knows.MERGED)
    return Witness(record.quality, record.trust, knows, record.merged_keys)


_LIFETIMES, _TIER, _FAILURE = Knows.CACHE_LIFETIMES.value, Knows.TIER.value, Knows.FAILURE.value
"""As plain numbers: arithmetic on enum members takes a microsecond each, and this runs for every call."""
