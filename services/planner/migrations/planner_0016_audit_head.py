"""The seal of the audit of sign-ins, with each step that an edition takes from now on."""

import sqlalchemy as sa
from alembic import op

revision = "planner_0016"
down_revision = "planner_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edition_step", sa.Column("audit_head", sa.Text))
