"""Unit reports, submissions, emergency cases, and the answers to requests that may be repeated."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "intake_0001"
down_revision = None
branch_labels = ("intake",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_report",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("effective_on", sa.Date),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer),
        sa.Column("rule", sa.Text),
        sa.Column("reason_it", sa.Text),
        sa.Column("reason_en", sa.Text),
        sa.CheckConstraint("channel IN ('http', 'kafka')", name="unit_report_channel"),
        sa.CheckConstraint("state IN ('received', 'applied', 'refused')", name="unit_report_state"),
    )
    op.create_index("unit_report_own", "unit_report", ["ambito", "organisation", "received_at", "id"])
    op.create_index("unit_report_all", "unit_report", ["ambito", "received_at", "id"])
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("cycle_year", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("municipality", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("supersedes", sa.Uuid),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("confirmations", sa.Text, nullable=False),
        sa.UniqueConstraint("ambito", "cycle_year", "owner", "municipality", "revision", name="submission_revision"),
    )
    op.create_index("submission_all", "submission", ["ambito", "received_at", "id"])
    op.create_table(
        "emergency_case",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("case_ref", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("closure", sa.Text),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("organisation", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("claimed_at", Instant, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.LargeBinary),
    )
