"""Outbox, inbox, applied sequences and dead letters."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "bus_0001"
down_revision = None
branch_labels = ("bus",)
depends_on = None


def upgrade() -> None:
    bigserial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "outbox",
        sa.Column("id", bigserial, primary_key=True, autoincrement=True),
        sa.Column("records", sa.LargeBinary, nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE outbox ALTER records SET STORAGE EXTERNAL")  # what lives for moments is not compressed
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        # The identifier first: by the consumer alone, without statistics, PostgreSQL would read the whole inbox.
        sa.PrimaryKeyConstraint("event_id", "consumer"),
        sa.CheckConstraint("outcome IN ('applied', 'refused', 'failed', 'discarded')", name="inbox_outcome"),
    )
    op.create_table(
        "applied_sequence",
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", "consumer"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary),
        sa.Column("headers", sa.LargeBinary, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_failed_at", Instant, nullable=False),
        sa.Column("last_failed_at", Instant, nullable=False),
        sa.Column("resolved_at", Instant),
        sa.Column("resolution", sa.Text),
        sa.CheckConstraint("kind IN ('failed', 'parked', 'gap', 'refused')", name="dead_letter_kind"),
    )
    op.create_index(
        "dead_letter_pending",
        "dead_letter",
        ["consumer", "subject"],
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
