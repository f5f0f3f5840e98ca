"""What ingest is held against: the least work that keeps the same calls once, in one process and without HTTP."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.formats import otlp_attributes
from core.usage import UsageEvent


def bare(folder: Path, payloads: list[bytes]) -> float:
    """Events a second of the least that any ingest has to do: decode, and INSERT OR IGNORE the same fields.

    The table grows from round to round as the books do: random ids touch ever more pages, here as there.
    """
    connection = bare_table(folder / "bare.db")
    decoder = msgspec.json.Decoder(list[UsageEvent])
    started = time.perf_counter()
    count = 0
    for body in payloads:
        rows = [
            (1, e.id, e.at.timestamp(), e.provider, e.model, e.requests, e.input_tokens, e.cache_read_tokens, e.cache_write_tokens,
             e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens, e.tier, e.response_id)
            for e in decoder.decode(body)
        ]  # fmt: skip
        insert_barely(connection, rows)
        count += len(rows)
    seconds = time.perf_counter() - started
    connection.close()
    return count / seconds


def bare_table(path: Path) -> sqlite3.Connection:
    """A table of calls with nothing but their key, as durable as the books."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS events (source INTEGER, id TEXT, at REAL, provider TEXT, model TEXT, requests INTEGER, input INTEGER,"
        " cache_read INTEGER, cache_write INTEGER, cache_write_1h INTEGER, output INTEGER, reasoning INTEGER, tier TEXT, response_id TEXT,"
        " PRIMARY KEY (source, id)) WITHOUT ROWID"
    )
    return connection


def insert_barely(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """One transaction of that table: whose key is known already is passed over."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f"INSERT OR IGNORE INTO events VALUES ({', '.join('?' * 14)})", rows)
    connection.execute("COMMIT")


def insert_otlp(connection: sqlite3.Connection, body: bytes) -> None:
    """The least that a receiver of spans has to do: every attribute read once, and the call kept once."""
    insert_barely(
        connection,
        [
            (1, (span.trace_id + span.span_id).hex(), span.end_time_unix_nano / 1e9, told["gen_ai.provider.name"],
             told["gen_ai.response.model"], 1, told["gen_ai.usage.input_tokens"], told["gen_ai.usage.cache_read.input_tokens"], 0, 0,
             told["gen_ai.usage.output_tokens"], told["gen_ai.usage.reasoning.output_tokens"], told["openai.response.service_tier"],
             told["gen_ai.response.id"])
            for span, told in otlp_attributes(body)
        ],
    )  # fmt: skip
