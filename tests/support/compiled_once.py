"""SQL that a test process compiles once, whichever books it runs in: a third of a short test went into compiling it again.

SQLAlchemy keeps compiled statements for each engine, and every test has engines of its own. Statements depend on the
dialect and not on the database, so all engines of one dialect share the dialect and what was compiled for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

_SHARED: dict[str, tuple[Dialect, dict[Any, Any]]] = {}
"""By driver: the dialect of the first engine that was connected, and its compiled statements."""


def compile_once() -> None:
    """From now on, for all engines of this process."""
    if not event.contains(Engine, "engine_connect", _share):
        event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    engine = connection.engine
    if getattr(engine.dialect, "server_version_info", None) is None:
        return  # Being connected for the first time: it still asks the server what it can.
    dialect, compiled = _SHARED.setdefault(f"{engine.dialect.name}+{engine.dialect.driver}", (engine.dialect, {}))
    engine.dialect = connection.dialect = dialect
    connection.execution_options(compiled_cache=compiled)
