"""Every document that was handed out, so that a copy can be told from a forgery."""

import sqlalchemy as sa
from alembic import op

from shared.only_added import only_added

revision = "planner_0009"
down_revision = "planner_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    only_added("document")
