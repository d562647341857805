"""Homes and their insert-only history."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import only_added

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit",
        sa.Column("unit_id", sa.Text, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("municipality", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("manager", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("latest_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.CheckConstraint("sequence >= 1", name="unit_sequence"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("unit_listing", "unit", ["ambito", "municipality", "unit_id"])
    op.create_table(
        "unit_history",
        sa.Column("unit_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("report_type", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )
    only_added("unit_history", rebuilt=True)
