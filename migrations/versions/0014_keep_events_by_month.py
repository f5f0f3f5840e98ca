"""keep events by month

Revision: 0014
Follows: 0013

On PostgreSQL the journal becomes a table of monthly partitions, so that a month can be dropped instead of deleted. All rows are
copied once, so large books need some minutes and room for a second copy. An id stays unique over all months by `event_ids` (ADR 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = "ALTER TABLE usage_events ADD CONSTRAINT {name} PRIMARY KEY ({columns})"
_SOURCE = "ALTER TABLE usage_events ADD CONSTRAINT usage_events_source_id_fkey FOREIGN KEY (source_id) REFERENCES sources (id)"


def upgrade() -> None:
    op.create_table(
        "released_months",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("cost_nanos", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE usage_events RENAME TO usage_events_whole")
    op.execute("ALTER TABLE usage_events_whole DROP CONSTRAINT IF EXISTS usage_events_source_id_fkey")
    op.execute("ALTER TABLE usage_events_whole RENAME CONSTRAINT usage_events_pkey TO usage_events_whole_pkey")
    op.execute("CREATE TABLE usage_events (LIKE usage_events_whole INCLUDING DEFAULTS) PARTITION BY RANGE (at)")
    op.execute(_KEY.format(name="usage_events_pkey", columns="at, source_id, event_id"))
    op.execute(_SOURCE)
    first, last = op.get_bind().execute(sa.text("SELECT min(at), max(at) FROM usage_events_whole")).one()
    for name, starts, ends in _months(first, last) if first is not None else ():
        op.execute(f"CREATE TABLE {name} PARTITION OF usage_events FOR VALUES FROM ({starts}) TO ({ends})")
    op.execute("INSERT INTO usage_events SELECT * FROM usage_events_whole ORDER BY at")
    op.execute("CREATE TABLE event_ids AS SELECT source_id, event_id, at FROM usage_events_whole")
    for column in ("source_id", "event_id", "at"):
        op.execute(f"ALTER TABLE event_ids ALTER COLUMN {column} SET NOT NULL")
    op.execute("ALTER TABLE event_ids ADD CONSTRAINT event_ids_pkey PRIMARY KEY (source_id, event_id)")
    op.execute("DROP TABLE usage_events_whole")


def downgrade() -> None:
    op.drop_table("released_months")
    op.execute("DELETE FROM meta WHERE name = 'kept_since'")
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("CREATE TABLE usage_events_whole (LIKE usage_events INCLUDING DEFAULTS)")
    op.execute("INSERT INTO usage_events_whole SELECT * FROM usage_events")
    op.execute("DROP TABLE usage_events")
    op.execute("DROP TABLE event_ids")
    op.execute("ALTER TABLE usage_events_whole RENAME TO usage_events")
    op.execute(_KEY.format(name="usage_events_pkey", columns="source_id, event_id"))
    op.execute(_SOURCE)


def _months(first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """(partition, from, until) of each UTC month from the one that holds `first` on; in microseconds since 1970."""
    starts = datetime.fromtimestamp(first // 1_000_000, UTC).replace(day=1, hour=0, minute=0, second=0)
    while int(starts.timestamp()) * 1_000_000 <= last:
        ends = starts.replace(year=starts.year + starts.month // 12, month=starts.month % 12 + 1)
        yield (
            f"usage_events_{starts:%Y_%m}",
            int(starts.timestamp()) * 1_000_000,
            int(ends.timestamp()) * 1_000_000,
        )
        starts = ends
