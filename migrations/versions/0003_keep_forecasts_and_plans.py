"""keep forecasts and plans

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecasts",
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.String(), nullable=False),
        sa.Column("p10_nanos", sa.BigInteger(), nullable=False),
        sa.Column("p50_nanos", sa.BigInteger(), nullable=False),
        sa.Column("p90_nanos", sa.BigInteger(), nullable=False),
        sa.Column("run_rate_nanos", sa.BigInteger(), nullable=True),
        sa.Column("breach_probability", sa.Float(), nullable=True),
        sa.Column("breach_first", sa.BigInteger(), nullable=True),
        sa.Column("breach_last", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("is_backtest", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("as_of", "workload_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("forecasts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forecasts_cycle"), ["cycle"], unique=False)

    op.create_table(
        "metric_points",
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("is_planned", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workload_id", "day", "is_planned"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "planned_usage",
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.String(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workload_id", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metrics",
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workload_id"],
            ["workloads.id"],
        ),
        sa.PrimaryKeyConstraint("workload_id"),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workload_id", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workload_id"],
            ["workloads.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plans_workload_id"), ["workload_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plans_workload_id"))

    op.drop_table("plans")
    op.drop_table("metrics")
    op.drop_table("planned_usage")
    op.drop_table("metric_points")
    with op.batch_alter_table("forecasts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_forecasts_cycle"))

    op.drop_table("forecasts")
