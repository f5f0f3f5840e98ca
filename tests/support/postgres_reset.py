"""Brings used books on PostgreSQL back to what the migrations left, which is far cheaper than a new copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

_TABLES = (
    "SELECT relname, relispartition FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
)
_SCHEMA = """
    SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
      SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull AS line
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      UNION ALL SELECT c.relname || ' ' || i.indrelid::regclass || i.indkey::text
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
    ) AS lines
"""
_CUT_OFF = "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass(frozen=True)
class Contents:
    """What a database holds.

    Attributes:
      schema: a digest of all columns and indexes.
      tables: name → whether it is a partition, whose rows are those of its parent.
      rows: of the tables that are not empty.
      sequences: where each stands; None has not begun.
    """

    schema: str
    tables: dict[str, bool]
    rows: dict[str, list[tuple[Any, ...]]]
    sequences: dict[str, int | None]


async def contents(url: str) -> Contents:
    connection = await asyncpg.connect(url)
    try:
        tables = dict(map(tuple, await connection.fetch(_TABLES)))
        rows = {
            table: [tuple(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]
            for table in await _filled(connection, tables)
        }
        sequences = dict(map(tuple, await connection.fetch(_SEQUENCES)))
        return Contents(await connection.fetchval(_SCHEMA), tables, rows, sequences)
    finally:
        await connection.close()


async def emptied(url: str, fresh: Contents) -> bool:
    """Whether the database could be made equal to `fresh` again. Whoever is still connected is cut off."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_CUT_OFF)
        tables = dict(map(tuple, await connection.fetch(_TABLES)))
        steps = [f'DROP TABLE IF EXISTS "{table}"' for table in tables.keys() - fresh.tables.keys()]
        steps += [f'DELETE FROM "{table}"' for table in await _filled(connection, tables) if table in fresh.tables]
        for name, last in fresh.sequences.items():
            steps.append(f"SELECT setval('\"{name}\"', {last or 1}, {'true' if last else 'false'})")
        # Without triggers, so that foreign keys ask for no order.
        await connection.execute(";".join(["SET session_replication_role = replica", *steps]))
        for table, rows in fresh.rows.items():
            await connection.copy_records_to_table(table, records=rows)
        return bool(await connection.fetchval(_SCHEMA) == fresh.schema)
    finally:
        await connection.close()


async def _filled(connection: Any, tables: dict[str, bool]) -> list[str]:
    """Those of the tables that hold rows; a partition's are told of its parent."""
    parts = (
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table, is_part in tables.items() if not is_part
    )
    return sorted(name for (name,) in await connection.fetch(" UNION ALL ".join(parts)))
