"""Payloads damaged at random: bytes, values and structure. Used by the fuzz tests and by `benchmarks.fuzz_intake`."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import msgspec

from core.intake.detect import Format
from core.intake.record import Record, Taken, UsageBucket
from core.usage import EARLIEST, Quality, UsageEvent
from tests.support.payloads import NOW, body, payload_names

SECRET = "xq-the-secret-recipe-xq"
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**63 - 1, 2**64, -(2**63), 1e308, -0.0, 1.5, float("nan"), float("inf"), "", "-5", "1e9", "NaN",
    "٣", "\x00", "\ud800", "0" * 5_000, [], {}, [[]], {"a": None}, "2006", "9" * 40, "2026-13-45T99:00:00Z",
)  # fmt: skip
_FORMS = {"otlp": Format.OTLP, "litellm": Format.LITELLM, "openai": Format.OPENAI, "anthropic": Format.ANTHROPIC,
          "focus": Format.FOCUS}  # fmt: skip
_OTHERS = {"others/aws_cur2_bedrock.csv": Format.AWS_BILL, "others/bedrock_model_invocation_log.json": Format.BEDROCK,
           "others/claude_code_otel_log.json": Format.OTLP_LOGS}  # fmt: skip


def seeds() -> list[tuple[Format, bytes]]:
    """The stored payloads with their formats, texts replaced by a secret that must not come out."""
    found: list[tuple[Format, bytes]] = []
    for name in payload_names():
        folder = name.partition("/")[0]
        form = Format.RESPONSES if folder == "usage-objects" else _FORMS.get(folder) or _OTHERS.get(name)
        if form and ".metrics." not in name:
            found.append((form, body(name).replace(b'"Hello"', f'"{SECRET}"'.encode())))
    found.append((Format.TABLE, b"time,model,prompt,completion,cached_tokens\n1793620833,gpt-5.1,2006,300,1920\n" * 3))
    return found


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """The payload with one to three things wrong with it."""
    is_json = raw.lstrip()[:1] in (b"{", b"[")
    if not is_json and b"," in raw[:200] and dice.random() < 0.7:
        return _cell_changed(raw, dice)
    if is_json and dice.random() < 0.85:
        try:
            document = json.loads(raw)
        except ValueError:
            return _bytes_changed(raw, dice)
        for _ in range(dice.randint(1, 3)):
            document = _value_changed(document, dice)
        return json.dumps(document).encode("utf-8", "surrogatepass")
    return _bytes_changed(raw, dice)


def _cell_changed(raw: bytes, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    place = dice.randrange(len(lines))
    cells = lines[place].split(b",")
    cells[dice.randrange(len(cells))] = str(dice.choice(_VALUES)).encode("utf-8", "replace")
    lines[place] = b",".join(cells)
    return b"\n".join(lines)


def _value_changed(document: Any, dice: random.Random) -> Any:
    """One value somewhere in the document replaced, doubled or removed."""
    place = document
    for _ in range(dice.randint(1, 12)):
        if isinstance(place, dict) and place:
            key: Any = dice.choice(list(place))
        elif isinstance(place, list) and place:
            key = dice.randrange(len(place))
        else:
            return copy.deepcopy(dice.choice(_VALUES)) if place is document else document
        if isinstance(place[key], dict | list) and place[key] and dice.random() < 0.85:
            place = place[key]
            continue
        choice = dice.random()
        if choice < 0.7:
            place[key] = copy.deepcopy(dice.choice(_VALUES))
        elif choice < 0.85:
            del place[key]
        elif isinstance(place, list):
            place.append(place[key])
        else:
            place[dice.choice(("input_tokens", "amount", "model", "results"))] = place[key]
        return document
    return document


def _bytes_changed(raw: bytes, dice: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(dice.randint(1, 3)):
        if not changed:
            break
        start = dice.randrange(len(changed))
        match dice.randrange(5):
            case 0:
                changed[start] = dice.randrange(256)
            case 1:
                del changed[start : start + dice.randint(1, 50)]
            case 2:
                changed[start:start] = changed[start : start + dice.randint(1, 200)]
            case 3:
                del changed[start:]
            case _:
                changed[start : start + 4] = dice.randbytes(4)
    return bytes(changed)


def wrong_with(taken: Taken) -> str | None:
    """What is wrong with something an intake module handed over, or None."""
    events = [record.event for record in taken.records] + [bucket.event for bucket in taken.buckets]
    for event in events:
        try:
            msgspec.json.decode(msgspec.json.encode(event), type=UsageEvent)
        except (msgspec.ValidationError, UnicodeError) as broken:
            return f"an event breaks its own rules: {broken}"
        if problem := event.problem(NOW.replace(year=2100)):
            return f"an event cannot be booked: {problem}"
        if event.at < EARLIEST or min(event.classes()) < 0:
            return "an event has a negative class or lies before 2020"
        if any(value < 0 or value >= 2**62 for value in event.classes()):
            return "a count overflows"
    for line in taken.costs:
        if abs(line.billed_nanos) >= 2**62 or abs(line.effective_nanos) >= 2**62:
            return "an amount overflows"
    if SECRET in repr(taken):
        return "a text came out"
    if any(item.quality is not Quality.EXACT and not item.problems for item in (*taken.records, *taken.buckets)):
        return "something is not exact and does not say why"
    return _empty_identity(taken.records, taken.buckets)


def _empty_identity(records: list[Record], buckets: list[UsageBucket]) -> str | None:
    if any(not record.source_key or record.source_key != record.event.id for record in records):
        return "a record has no key of its own"
    return "a bucket ends before 2020" if any(bucket.ends_at < EARLIEST for bucket in buckets) else None
