"""hold spend

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guard_counters",
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.String(), nullable=False),
        sa.Column("spent_nanos", sa.BigInteger(), nullable=False),
        sa.Column("held_nanos", sa.BigInteger(), nullable=False),
        sa.Column("charged_nanos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workload_id", "cycle"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "guard_holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.String(), nullable=False),
        sa.Column("is_lease", sa.Boolean(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("held_nanos", sa.BigInteger(), nullable=False),
        sa.Column("worst_nanos", sa.BigInteger(), nullable=False),
        sa.Column("remaining_nanos", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("max_output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("is_output_stated", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("charged_nanos", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "request_id", name="uq_guard_holds_request"),
    )
    with op.batch_alter_table("guard_holds", schema=None) as batch_op:
        batch_op.create_index("ix_guard_holds_due", ["state", "expires_at"], unique=False)

    op.create_table(
        "guard_learned",
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("overruns", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workload_id", "provider", "model"),
    )
    # Usage that was recorded before the guard existed counts from the first request on.
    cycle = (
        "strftime('%Y-%m', day * 86400, 'unixepoch')"
        if op.get_bind().dialect.name == "sqlite"
        else "to_char(to_timestamp(day * 86400) AT TIME ZONE 'UTC', 'YYYY-MM')"
    )
    op.execute(
        "INSERT INTO guard_counters (workload_id, cycle, spent_nanos, held_nanos, charged_nanos) "  # noqa: S608 - constants
        f"SELECT workload_id, {cycle}, sum(cost_nanos), 0, 0 FROM daily_spend WHERE cost_nanos <> 0 GROUP BY 1, 2"
    )


def downgrade() -> None:
    op.drop_table("guard_learned")
    with op.batch_alter_table("guard_holds", schema=None) as batch_op:
        batch_op.drop_index("ix_guard_holds_due")
    op.drop_table("guard_holds")
    op.drop_table("guard_counters")
