"""keep tags clean

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_aliases",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "spelling"),
    )
    values = op.create_table(
        "tag_values",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("first_day", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "value"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("tag_values", schema=None) as batch_op:
        batch_op.create_index("ix_tag_values_dimension_first_day", ["dimension", "first_day"], unique=False)

    # What is in the books already counts as known: nothing of it may be folded when it is seen again.
    connection = op.get_bind()
    known = {
        (name, value)
        for (tags,) in connection.execute(sa.text("SELECT tags FROM series"))
        for name, value in json.loads(tags)
    }
    rows = [{"dimension": name, "value": value, "first_day": 0} for name, value in sorted(known)]
    for start in range(0, len(rows), 1_000):
        connection.execute(sa.insert(values), rows[start : start + 1_000])


def downgrade() -> None:
    with op.batch_alter_table("tag_values", schema=None) as batch_op:
        batch_op.drop_index("ix_tag_values_dimension_first_day")

    op.drop_table("tag_values")
    op.drop_table("tag_aliases")
