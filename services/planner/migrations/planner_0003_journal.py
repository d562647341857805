"""Every event a plan was made of, as it arrived: what as-of, drift and "why" are asked of."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "planner_0003"
down_revision = "planner_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_journal",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("known_at", Instant, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
    )
    op.create_index("plan_journal_arrival", "plan_journal", ["ambito", "revision", "place"])
