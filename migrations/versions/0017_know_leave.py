"""leave: who said to be away, and why a question went to the deputy

Revision: 0017
Follows: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaves",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.add_column("escalations", sa.Column("turned_because", sa.String(), nullable=False, server_default=""))
    op.add_column("escalations", sa.Column("away_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("escalations", "away_until")
    op.drop_column("escalations", "turned_because")
    op.drop_table("leaves")
