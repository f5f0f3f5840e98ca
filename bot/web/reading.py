"""Reading bodies of other formats, the large ones in a process beside the bot: reading takes as long as storing what was read.

Run as a module's `main`, this is that process: it takes bodies on its standard input, one at a time, and answers on its standard
output until the input ends, as it does when the bot ends in whatever way. It keeps nothing and opens nothing.
"""

from __future__ import annotations

import signal
import struct
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO, Final

import msgspec

from core.errors import TooLarge, Unreadable
from core.intake import claude_code, litellm, otlp
from core.intake.record import Record, Taken

Reader = Callable[..., Taken]
"""(body, received_at=arrival) → what is in it. Raises Unreadable, TooLarge."""

READERS: Final[Mapping[str, Reader]] = {
    "traces/protobuf": partial(otlp.read, is_json=False),
    "traces/json": partial(otlp.read, is_json=True),
    "logs/protobuf": partial(claude_code.read, is_json=False),
    "logs/json": partial(claude_code.read, is_json=True),
    "litellm": litellm.read,
}
"""By kind of body."""

_QUESTION: Final = struct.Struct(">HqQ")
"""Bytes of the kind, arrival in microseconds since 1970 UTC, bytes of the body; then both."""
_ANSWER: Final = struct.Struct(">BQ")
"""How it went and bytes of what follows: what was taken, or why nothing was."""
_TAKEN, _UNREADABLE, _TOO_LARGE, _FAILED = range(4)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class _Sent(msgspec.Struct, array_like=True):
    """What the five kinds fill of `Taken`."""

    records: list[Record]
    refused: list[tuple[int, str]]
    ignored: int
    problems: list[str]


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Sent)


def ask(to: BinaryIO, kind: str, body: bytes, received_at: datetime) -> None:
    """Hand a body to the process at this pipe. Raises OSError when it is gone."""
    name = kind.encode()
    to.write(_QUESTION.pack(len(name), (received_at - _EPOCH) // _MICROSECOND, len(body)) + name)
    to.write(body)
    to.flush()


def hear(back: BinaryIO) -> Taken | None:
    """What it found in the next body; None where it failed at it, so that it has to be read here.

    Raises Unreadable and TooLarge as the reader did, OSError or EOFError when the process is gone.
    """
    how, size = _ANSWER.unpack(_exactly(back, _ANSWER.size))
    told = _exactly(back, size)
    if how in (_UNREADABLE, _TOO_LARGE):
        raise (Unreadable if how == _UNREADABLE else TooLarge)(told.decode())
    if how == _FAILED:
        return None
    try:
        sent = _DECODER.decode(told)
    except msgspec.ValidationError:
        return None
    return Taken(records=sent.records, refused=sent.refused, ignored=sent.ignored, problems=sent.problems)


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the questions end, in the middle of one too."""
    try:
        while True:
            length, micros, size = _QUESTION.unpack(_exactly(questions, _QUESTION.size))
            kind = _exactly(questions, length).decode()
            how, told = _answer(kind, _exactly(questions, size), _EPOCH + timedelta(microseconds=micros))
            answers.write(_ANSWER.pack(how, len(told)))
            answers.write(told)
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


def _answer(kind: str, body: bytes, received_at: datetime) -> tuple[int, bytes]:
    try:
        taken = READERS[kind](body, received_at=received_at)
        return _TAKEN, _ENCODER.encode(_Sent(taken.records, taken.refused, taken.ignored, taken.problems))
    except Unreadable as refused:
        return _UNREADABLE, refused.message.encode()
    except TooLarge as refused:
        return _TOO_LARGE, refused.message.encode()
    except Exception:  # noqa: BLE001 - a job runner: the bot reads it itself and meets the fault there, with its log
        return _FAILED, b""


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    """So many bytes. Raises EOFError when the pipe ends before."""
    found = pipe.read(size)
    if len(found) < size:
        raise EOFError
    return found


def main() -> None:
    """Read for the bot that started this process. An interrupt from the terminal is the bot's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
