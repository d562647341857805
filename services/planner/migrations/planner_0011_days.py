"""Which day has begun for each plan, so that it begins once however many replicas run."""

import sqlalchemy as sa
from alembic import op

revision = "planner_0011"
down_revision = "planner_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_day",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("began_on", sa.Date, nullable=False),
    )
