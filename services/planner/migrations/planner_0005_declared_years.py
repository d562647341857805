"""What owners declare for the three years, beside the annual columns."""

import sqlalchemy as sa
from alembic import op

revision = "planner_0005"
down_revision = "planner_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_declaration", sa.Column("told", sa.Text, nullable=False, server_default=""))
