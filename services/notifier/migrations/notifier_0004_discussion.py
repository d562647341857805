"""Notices of contested numbers and replied comments: the event as the planner told it."""

import sqlalchemy as sa
from alembic import op

revision = "notifier_0004"
down_revision = "notifier_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("discussion", sa.Text))
