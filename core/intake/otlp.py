"""OTLP/HTTP traces, protobuf or JSON: every model call in them once, whoever and however many reported it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.errors import Unreadable
from core.intake.labels import TAG_NAMES, tags_of
from core.intake.merging import fold, merge, rank
from core.intake.otlp_calls import Source, is_call, record_of
from core.intake.otlp_dialects import OTHER, dialect_of
from core.intake.otlp_json import json_scopes
from core.intake.otlp_protobuf import protobuf_scopes
from core.intake.otlp_span import Scope
from core.intake.record import Record, Taken, Trust
from core.usage import Quality

METRICS_ARE: Final = (
    "metrics are re-sent as running totals without a cache split, so they are only a cross-check; "
    "send traces to /v1/traces."
)
METRICS_REFUSED: Final = f"The body holds metrics, not traces: {METRICS_ARE}"
LOGS_REFUSED: Final = "These are OTLP logs, not traces; of logs only those of coding agents carry usage."
NO_LIST: Final = "Nothing of the body was read: OTLP in JSON has its {what} in “{name}”, written like that."
_HOPS: Final = 64
_SHADOW_DELAY: Final = timedelta(seconds=5)
"""How long after the call itself its closing span may come."""


def read(body: bytes, *, received_at: datetime, is_json: bool | None = None) -> Taken:
    """Read an `ExportTraceServiceRequest`, already decompressed. One bad span never costs a good one.

    Spans that are no model calls are counted in `ignored`; bad ones are in `refused` with their index in the payload.

    Args:
      received_at: aware; books spans that carry no usable time.
      is_json: by the content type; None looks at the first byte.

    Raises:
      Unreadable: not such a request, or metrics or logs instead.
      TooLarge: more spans than `MAX_SPANS`.
    """
    if is_json is None:
        is_json = body[:64].lstrip()[:1] == b"{"
    if is_json:
        start = body[:4096]
        if b'"resourceMetrics"' in start:
            raise Unreadable(METRICS_REFUSED)
        if b'"resourceLogs"' in start:
            raise Unreadable(LOGS_REFUSED)
    calls = _Calls(received_at)
    for scope in json_scopes(body) if is_json else protobuf_scopes(body):
        calls.add(scope)
    if not is_json and calls.index and not calls.understood:
        # Metrics and logs have the same outer shape in protobuf; only the innermost messages differ.
        raise Unreadable("Nothing in the body is a span. If these are metrics: " + METRICS_ARE)
    if is_json and not calls.index and tells_nothing(body, "resourceSpans"):
        calls.taken.problems.append(NO_LIST.format(what="spans", name="resourceSpans"))
    calls.taken.records = merge(_without_shadows(_leaves(calls)))
    return calls.taken


def tells_nothing(body: bytes, name: str) -> bool:
    """Whether a JSON body says something, but not under this name: other signals and names in snake case do."""
    return body.strip() not in (b"", b"{}") and f'"{name}"'.encode() not in body


class _Calls:
    """The model calls of one payload, with the links between all its spans."""

    def __init__(self, received_at: datetime) -> None:
        self.received_at = received_at
        self.taken = Taken()
        self.records: list[Record] = []
        self.spans: list[bytes] = []
        self.parents: dict[bytes, bytes] = {}
        self.index = 0
        self.understood = 0

    def add(self, scope: Scope) -> None:
        """Take in the spans of one scope."""
        dialect = dialect_of(scope.name)
        emitter = " ".join(filter(None, (scope.name or OTHER.name, scope.version)))[:120]
        # The order of the table decides between synonyms, not the order in which a sender writes them.
        tags = sorted(scope.resource.items(), key=lambda pair: _TAG_ORDER[pair[0].lower()])
        source = Source(dialect, emitter, tags, tags_of(tags), self.received_at)
        for encoded in scope.spans:
            index, self.index = self.index, self.index + 1
            try:
                span = scope.decode(encoded)
            except Unreadable as wrong:
                self.taken.refused.append((index, wrong.message))
                continue
            self.understood += len(span.trace) == 16 and len(span.span) == 8
            place = span.trace + span.span
            if span.parent:
                self.parents[place] = span.trace + span.parent
            if span.plan is None or not is_call(span, dialect):
                self.taken.ignored += 1
                continue
            self.records.append(record_of(span, source))
            self.spans.append(place)


_TAG_ORDER: Final = {name: place for place, name in enumerate(TAG_NAMES)}


def _leaves(calls: _Calls) -> list[Record]:
    """Records without those that only sum up or repeat calls below them in the same trace.

    Where an outer span has one call below, both describe it and are folded. Where it has several, it is their sum.
    Two spans with different response ids are two calls, wherever they stand.
    """
    if not calls.parents:
        return calls.records
    place_of = {span: index for index, span in enumerate(calls.spans)}
    below: dict[int, list[int]] = {}
    depth: dict[int, int] = {}
    for index, span in enumerate(calls.spans):
        above = _ancestors(span, calls.parents, place_of)
        depth[index] = len(above)
        if above:
            below.setdefault(above[0], []).append(index)
    kept: dict[int, Record] = dict(enumerate(calls.records))
    for outer in sorted(below, key=lambda place: -depth[place]):
        if outer not in kept:
            # Only in a circle of parents: it was folded into the span that is also below it.
            continue
        inner = [
            place
            for place in below[outer]
            if place != outer and place in kept and _may_be_same(kept[outer], kept[place])
        ]
        if len(inner) == 1:
            kept[outer] = fold(kept[outer], kept.pop(inner[0]))
        elif inner and all(kept[place].quality is Quality.MISSING for place in inner):
            calls.taken.ignored += len(inner) if _measured(kept[outer]) else 1
            for place in inner if _measured(kept[outer]) else [outer]:
                kept.pop(place)
        elif inner:
            calls.taken.ignored += 1
            kept.pop(outer)
    return [kept[place] for place in sorted(kept)]


def _without_shadows(records: list[Record]) -> list[Record]:
    """Records without the closing spans of Logfire's streams whose call another emitter tells too.

    Such a span has no response id and stands in a trace of its own; only counts and time join it to the other.
    """
    named = [record for record in records if record.response_id and record.trust is not Trust.LOGFIRE]
    shadows = [record for record in records if _is_shadow(record)] if named else []
    folded: dict[str, Record] = {}
    for shadow in shadows:
        same = (record for record in named if record.source_key not in folded and _same_call(record, shadow))
        if found := next(same, None):
            folded[found.source_key] = fold(found, shadow)
            folded[shadow.source_key] = shadow
    gone = {shadow.source_key for shadow in shadows} & folded.keys()
    return [folded.get(record.source_key, record) for record in records if record.source_key not in gone]


def _is_shadow(record: Record) -> bool:
    return record.trust is Trust.LOGFIRE and record.response_id is None and record.event.output_tokens > 0


def _same_call(one: Record, other: Record) -> bool:
    first, second = one.event, other.event
    return (first.provider, first.input_tokens, first.output_tokens) == (
        second.provider,
        second.input_tokens,
        second.output_tokens,
    ) and abs(first.at - second.at) <= _SHADOW_DELAY


def _ancestors(span: bytes, parents: dict[bytes, bytes], calls: dict[bytes, int]) -> list[int]:
    """The model calls above a span, nearest first; bounded, since ids may form a circle."""
    found: list[int] = []
    above = parents.get(span)
    for _ in range(_HOPS):
        if above is None or above == span:
            break
        if above in calls:
            found.append(calls[above])
        above = parents.get(above)
    return found


def _may_be_same(one: Record, other: Record) -> bool:
    return one.response_id is None or other.response_id is None or one.response_id == other.response_id


def _measured(record: Record) -> bool:
    return rank(record)[1] < 2 and not record.failed
