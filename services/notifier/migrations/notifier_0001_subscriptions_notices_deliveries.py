"""Subscriptions, values last told, notices and their deliveries."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import only_added

revision = "notifier_0001"
down_revision = None
branch_labels = ("notifier",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("municipalities", sa.Text, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", Instant),
        sa.Column("url", sa.Text),
        sa.Column("secret", sa.Text),
        sa.Column("old_secret", sa.Text),
        sa.Column("old_secret_until", Instant),
        sa.Column("failing_since", Instant),
        sa.CheckConstraint("channel IN ('inbox', 'webhook')", name="subscription_channel"),
        sa.CheckConstraint("state IN ('ACTIVE', 'PAUSED', 'DISABLED', 'ENDED')", name="subscription_state"),
        sa.CheckConstraint("threshold >= 100", name="subscription_threshold"),
        sa.CheckConstraint(
            "channel = 'inbox' OR state = 'ENDED' OR (url IS NOT NULL AND secret IS NOT NULL)",
            name="subscription_endpoint",
        ),
    )
    op.create_index("subscription_of", "subscription", ["ambito", "organisation"])
    op.create_table(
        "told",
        sa.Column("subscription_id", sa.Uuid, primary_key=True),
        sa.Column("municipality", sa.Text, primary_key=True),
        sa.Column("figures", sa.Text, nullable=False),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table("heard", sa.Column("event_id", sa.Uuid, primary_key=True))
    create_notices()
    create_deliveries()


def create_notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("cause_id", sa.Uuid, nullable=False),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("plan_version", sa.BigInteger),
        sa.Column("plan_hash", sa.Text),
        sa.Column("change", sa.Text),
        sa.Column("read_at", Instant),
    )
    op.create_index("notice_listing", "notice", ["organisation", "ambito", "created_at", "id"])


def create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("notice_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", Instant),
        sa.CheckConstraint(
            "state IN ('PENDING', 'DELIVERED', 'EXHAUSTED', 'DISABLED') "
            "AND (state = 'PENDING') = (next_attempt_at IS NOT NULL)",
            name="delivery_state",
        ),
    )
    op.create_index("delivery_of_notice", "delivery", ["notice_id"])
    op.create_index(
        "delivery_due",
        "delivery",
        ["next_attempt_at", "subscription_id"],
        postgresql_where=sa.text("state = 'PENDING'"),
        sqlite_where=sa.text("state = 'PENDING'"),
    )
    op.create_table(
        "attempt",
        sa.Column("delivery_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("attempted_at", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("body_head", sa.Text, nullable=False),
    )
    only_added("attempt")
