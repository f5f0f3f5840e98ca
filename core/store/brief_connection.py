"""A SQLite connection whose statements can run at once, without being handed to a thread and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final

import aiosqlite

_ROWS_AT_ONCE: Final = 64
_BRIEF_ROWS: Final = 32
_BRIEF_TEXT: Final = 4_096
"""What a statement may carry to count as brief: rows to write, characters of one parameter (lists of keys are one)."""


class BriefConnection(aiosqlite.Connection):
    """aiosqlite hands every call to its thread; while `runs_inline` holds, brief calls run where they are made.

    That blocks the event loop, so it is for statements that take microseconds, in a transaction that has begun. One that carries
    much is handed to the thread all the same.
    """

    runs_inline = False

    @classmethod
    async def open(cls, path: str) -> BriefConnection:
        """Connect to a database file. Any thread may use the connection, one at a time: every call is awaited."""
        connection = cls(lambda: sqlite3.connect(path, check_same_thread=False), _ROWS_AT_ONCE)
        connection._thread.daemon = True
        await connection
        return connection

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # The one place through which aiosqlite's connections and cursors reach SQLite (aiosqlite 0.21 and 0.22).
        if (self.runs_inline and _is_brief(args)) or _is_trivial(fn):
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def _is_brief(args: tuple[Any, ...]) -> bool:
    """Whether a call has little to carry; its arguments are a statement and its parameters, if it is an execution."""
    parameters = args[1] if len(args) > 1 else ()
    if isinstance(parameters, list):
        return len(parameters) <= _BRIEF_ROWS
    return not any(isinstance(value, str) and len(value) > _BRIEF_TEXT for value in parameters)


def _is_trivial(fn: Callable[..., Any]) -> bool:
    """Making and closing a cursor: every statement does both, and neither touches the database."""
    owner = getattr(fn, "__self__", None)
    name = getattr(fn, "__name__", "")
    return (name == "cursor" and isinstance(owner, sqlite3.Connection)) or (
        name == "close" and isinstance(owner, sqlite3.Cursor)
    )
