"""tell sources apart

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pull_cursors",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("done_until", sa.BigInteger(), nullable=False),
        sa.Column("pulled_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "response_claims",
        sa.Column("response_key", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("response_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source_days",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("partial", sa.BigInteger(), nullable=False),
        sa.Column("guessed", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("repaired", sa.BigInteger(), nullable=False),
        sa.Column("unpriced", sa.BigInteger(), nullable=False),
        sa.Column("latest_event_at", sa.BigInteger(), nullable=False),
        sa.Column("latest_arrival_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_buckets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=True),
        sa.Column("api_key", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_nanos", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("usage_buckets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_buckets_starts_at"), ["starts_at"], unique=False)

    # Added in place: copying the table would take long on large books, and would lose that it has no row numbers.
    for name, default in (("trust", "3"), ("knows", "3"), ("superseded", "0")):
        op.add_column("usage_events", sa.Column(name, sa.SmallInteger(), nullable=False, server_default=default))


def downgrade() -> None:
    for name in ("superseded", "knows", "trust"):
        op.drop_column("usage_events", name)
    with op.batch_alter_table("usage_buckets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usage_buckets_starts_at"))

    op.drop_table("usage_buckets")
    op.drop_table("source_days")
    op.drop_table("response_claims")
    op.drop_table("pull_cursors")
