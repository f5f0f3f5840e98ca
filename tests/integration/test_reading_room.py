"""Large bodies are read in a process beside the bot: with the same outcome, and also when that process dies."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import psutil
import pytest

from bot.web import reading, reading_room
from bot.web.reading_room import ReadingRoom
from core.errors import TooLarge, Unreadable
from core.intake import otlp_span
from core.intake.record import Taken
from tests.support.payloads import NOW, body, payload_names

BODIES = [
    ("traces/protobuf" if name.endswith((".pb", ".pb.gz")) else "traces/json", name)
    for name in payload_names()
    if name.startswith("otlp/") and "metric" not in name and "logs" not in name
] + [("litellm", name) for name in payload_names() if name.startswith("litellm/") and "batch" in name]


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReadingRoom]:
    """A room with one process, to which every body is worth going."""
    monkeypatch.setattr(reading_room, "_WORTH", 0)
    made = ReadingRoom(1)
    yield made
    await made.close()


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if any("bot.web.reading" in word for word in one.cmdline())]


def read_here(kind: str, raw: bytes) -> Taken:
    return reading.READERS[kind](raw, received_at=NOW)


async def test_every_capture_is_read_there_as_it_is_here(room: ReadingRoom) -> None:
    assert len(BODIES) >= 20
    for kind, name in BODIES:
        raw = body(name)
        try:
            wanted = read_here(kind, raw)
        except Unreadable as refused:
            with pytest.raises(Unreadable, match=refused.message[:40]):
                await room.read(kind, raw, NOW)
            continue
        assert await room.read(kind, raw, NOW) == wanted, name
    assert len(children()) == 1


async def test_what_is_refused_there_is_refused_in_the_same_words(
    room: ReadingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_span, "MAX_SPANS", 0)

    with pytest.raises(Unreadable, match="not an OTLP trace request in protobuf"):
        await room.read("traces/protobuf", b"\xff", NOW)
    for wrong, status in ((Unreadable("no"), "no"), (TooLarge("much"), "much")):
        with pytest.raises(type(wrong), match=status):
            reading.hear(io.BytesIO(_refusal(wrong)))


def _refusal(wrong: Unreadable | TooLarge) -> bytes:
    told = wrong.message.encode()
    return reading._ANSWER.pack(1 if isinstance(wrong, Unreadable) else 2, len(told)) + told


async def test_a_body_whose_process_is_killed_is_read_all_the_same(room: ReadingRoom) -> None:
    kind, name = BODIES[0]
    wanted = read_here(kind, body(name))
    await room.read(kind, body(name), NOW)
    (first,) = children()

    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, [first], 5)
    again = [await room.read(kind, body(name), NOW) for _ in range(2)]

    assert again == [wanted, wanted]
    (second,) = children()
    assert second.pid != first.pid


async def test_a_process_that_dies_while_it_reads_costs_nobody_a_body(room: ReadingRoom) -> None:
    kind, name = BODIES[0]
    wanted = read_here(kind, body(name))
    await room.read(kind, body(name), NOW)
    (first,) = children()
    first.suspend()

    reads = [asyncio.create_task(room.read(kind, body(name), NOW)) for _ in range(3)]
    await asyncio.sleep(0.05)
    first.kill()

    assert await asyncio.gather(*reads) == [wanted] * 3


async def test_who_hangs_up_meanwhile_gets_nobody_elses_answer(room: ReadingRoom) -> None:
    bodies = [(kind, body(name)) for kind, name in BODIES if kind == "traces/protobuf"][:2]
    wanted = [read_here(*one) for one in bodies]
    await room.read(*bodies[0], NOW)
    (process,) = children()
    process.suspend()
    gone = asyncio.create_task(room.read(*bodies[0], NOW))
    await asyncio.sleep(0.02)
    gone.cancel()
    there = asyncio.create_task(room.read(*bodies[1], NOW))
    await asyncio.sleep(0.02)
    process.resume()

    assert await there == wanted[1] != wanted[0]


async def test_no_process_is_left_when_the_room_closes(room: ReadingRoom) -> None:
    kind, name = BODIES[0]
    await room.read(kind, body(name), NOW)
    (process,) = children()

    await room.close()

    assert not process.is_running()


async def test_small_bodies_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, name = BODIES[0]
    made = ReadingRoom(1)

    assert await made.read(kind, body(name), NOW) == read_here(kind, body(name))
    assert children() == []
    await made.close()


def test_the_process_ends_with_its_input_wherever_that_stops() -> None:
    question = reading._QUESTION.pack(7, 0, 2) + b"litellm[]"
    for length in (0, 5, len(question) - 1):
        answers = io.BytesIO()
        reading.serve(io.BytesIO(question[:length]), answers)
        assert answers.getvalue() == b""


def test_an_arrival_is_told_to_the_microsecond() -> None:
    at = NOW + timedelta(microseconds=7)
    raw = b'[{"litellm_call_id": "c", "model": "gpt-4.1", "prompt_tokens": 1, "completion_tokens": 1, "status": "success"}]'
    questions, answers = io.BytesIO(), io.BytesIO()
    reading.ask(questions, "litellm", raw, at)

    reading.serve(io.BytesIO(questions.getvalue()), answers)

    taken = reading.hear(io.BytesIO(answers.getvalue()))
    assert taken is not None
    assert [record.event.at for record in taken.records] == [at]


def test_what_it_fails_at_is_left_to_the_bot() -> None:
    questions, answers = io.BytesIO(), io.BytesIO()
    reading.ask(questions, "no such kind", b"{}", NOW)

    reading.serve(io.BytesIO(questions.getvalue()), answers)

    assert reading.hear(io.BytesIO(answers.getvalue())) is None
