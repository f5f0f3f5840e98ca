"""keep home tabs

Revision: 0009
Follows: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "home_pages",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("is_away", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    with op.batch_alter_table("home_pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_home_pages_opened_at"), ["opened_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("home_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_home_pages_opened_at"))
    op.drop_table("home_pages")
