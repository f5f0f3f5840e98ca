"""Where bodies are read: small ones in a thread, large ones in processes that start with the first and are replaced when they die."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, cast

from bot.web import reading
from core.intake.record import Taken

_WORTH: Final = 48 << 10
"""Bytes of a body from which on the way to another process and back costs little beside reading it."""
_THREADS: Final = 2
"""Bodies read at a time in this process: what they hold weighs several times their bytes, and more would not be faster."""
_AT_HAND: Final = 2
_PIPE_BYTES: Final = 1 << 20
"""What a pipe holds (on Linux), so that neither side waits for the other to take it out in small pieces."""
_ROOT: Final = Path(__file__).parents[2]
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from bot.web.reading import main; main()"
_GOODBYE_SECONDS: Final = 5.0

log = logging.getLogger(__name__)
T = TypeVar("T")


class ReadingRoom:
    """Reads for all routes of the process, a bounded number of bodies at a time."""

    def __init__(self, processes: int) -> None:
        """`processes`: how many may run beside this one; of use where processors are idle, since they cost some for the way."""
        self._threads = asyncio.Semaphore(_THREADS)
        self._processes = tuple(_Process() for _ in range(processes))
        # Each has the next body at hand when it is done with one.
        self._places = deque(self._processes * _AT_HAND)
        self._free = asyncio.Semaphore(len(self._places))

    async def read(self, kind: str, body: bytes, received_at: datetime) -> Taken:
        """What is in a body, by the reader of its kind. Raises Unreadable, TooLarge."""
        if self._processes and len(body) >= _WORTH:
            async with self._free:
                process = self._places.popleft()
                try:
                    taken = await asyncio.to_thread(process.read, kind, body, received_at)
                finally:
                    self._places.append(process)
            if taken is not None:
                return taken
        return await self.in_thread(partial(reading.READERS[kind], body, received_at=received_at))

    async def in_thread(self, read: Callable[[], T]) -> T:
        """What `read` gives, in a thread of this process; no more at a time than the room has."""
        async with self._threads:
            return await asyncio.to_thread(read)

    async def close(self) -> None:
        """Let the processes end."""
        await asyncio.gather(*(asyncio.to_thread(process.close) for process in self._processes))


class _Line:
    """A running process, and the order in which it was asked: the answers come in the same one."""

    def __init__(self) -> None:
        """Starts the process. Raises OSError."""
        self.running = subprocess.Popen(  # noqa: S603 - this interpreter and constants
            [sys.executable, "-c", _START, str(_ROOT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=_PIPE_BYTES
        )  # fmt: skip
        self._asked = self._heard = 0
        self._turn = threading.Condition()

    def ask(self, kind: str, body: bytes, received_at: datetime) -> int:
        """Hand a body over; its number. One at a time."""
        reading.ask(cast(BinaryIO, self.running.stdin), kind, body, received_at)
        self._asked += 1
        return self._asked - 1

    def hear(self, number: int) -> Taken | None:
        """The answer about the body of this number, once those before it are heard. Raises as `reading.hear`."""
        with self._turn:
            self._turn.wait_for(lambda: self._heard == number)
        try:
            return reading.hear(cast(BinaryIO, self.running.stdout))
        finally:
            with self._turn:
                self._heard += 1
                self._turn.notify_all()

    def end(self) -> int:
        """Take leave: told by the end of its input, and made to if it does not listen; its exit status."""
        with suppress(OSError):
            # What it could not be told any more is read by those who asked.
            cast(BinaryIO, self.running.stdin).close()
        try:
            return self.running.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self.running.kill()
            return self.running.wait()


class _Process:
    """One process that reads; started when it is first asked, and again after it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: _Line | None = None

    def read(self, kind: str, body: bytes, received_at: datetime) -> Taken | None:
        """What it reads; None when it cannot be started, died or failed. Raises Unreadable, TooLarge. Blocks.

        Who is cancelled meanwhile leaves this thread waiting for the answer, so nobody else gets it.
        """
        line = None
        try:
            with self._lock:
                line = self._line = self._line or _Line()
                number = line.ask(kind, body, received_at)
            return line.hear(number)
        except (OSError, EOFError):
            self._leave(line)
            return None

    def close(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.end()

    def _leave(self, line: _Line | None) -> None:
        with self._lock:
            if line is not self._line:
                # Somebody else has met its end before, or it never began.
                return
            self._line = None
        log.warning("reading_process_died", extra={"status": line.end() if line else None})
