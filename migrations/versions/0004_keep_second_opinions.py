"""keep second opinions

Revision: 0004
Follows: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing has been pulled before this revision, so both tables are empty and the defaults are never seen.
    with op.batch_alter_table("usage_buckets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("item", sa.Text(), nullable=True))
    with op.batch_alter_table("pull_cursors", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.alter_column("pulled_at", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM pull_cursors WHERE pulled_at IS NULL")
    with op.batch_alter_table("pull_cursors", schema=None) as batch_op:
        batch_op.alter_column("pulled_at", existing_type=sa.BigInteger(), nullable=False)
        batch_op.drop_column("from_at")
    with op.batch_alter_table("usage_buckets", schema=None) as batch_op:
        batch_op.drop_column("item")
        batch_op.drop_column("report")
