"""Notices of what became of a proposed plan: its step as the planner told it."""

import sqlalchemy as sa
from alembic import op

revision = "notifier_0003"
down_revision = "notifier_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("step", sa.Text))
