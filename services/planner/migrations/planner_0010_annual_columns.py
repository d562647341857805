"""What the annual columns a-k need: homes assigned in each quarter, and the columns as they were declared."""

import sqlalchemy as sa
from alembic import op

revision = "planner_0010"
down_revision = "planner_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_cell", sa.Column("assigned", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("plan_declaration", sa.Column("columns", sa.Text, nullable=False, server_default=""))
