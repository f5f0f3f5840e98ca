"""tell in place

Revision: 0010
Follows: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("place", sa.String(), server_default="post", nullable=False))
        batch_op.add_column(sa.Column("leased_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("holds_back", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("folded_into", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_outbox_subject", ["subject", "recipient"], unique=False)
        batch_op.create_index("ix_outbox_message", ["channel", "ts"], unique=False)
        batch_op.create_index(
            "ix_outbox_waiting",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )
        batch_op.drop_index("ix_outbox_due_at")

    # Requests that wait for their sponsor: what becomes of them is shown on the message that asked.
    op.execute("UPDATE outbox SET subject = 'request/' || request_id WHERE kind = 'request' AND request_id IS NOT NULL")
    op.execute("DELETE FROM outbox WHERE kind = 'request_closed' AND sent_at IS NULL")

    op.create_table(
        "slots",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job", "slot"),
    )


def downgrade() -> None:
    op.drop_table("slots")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due_at", ["due_at"], unique=False)
        batch_op.drop_index("ix_outbox_waiting")
        batch_op.drop_index("ix_outbox_message")
        batch_op.drop_index("ix_outbox_subject")
        batch_op.drop_column("folded_into")
        batch_op.drop_column("holds_back")
        batch_op.drop_column("leased_until")
        batch_op.drop_column("place")
        batch_op.drop_column("subject")
