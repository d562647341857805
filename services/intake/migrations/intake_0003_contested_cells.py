"""Which declared cells are contested: while they are, their owner can correct them and nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contested_cell",
        sa.Column("contest_id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("ambito", "owner", "municipality")),
        sa.Column("cycle_year", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("deadline_on", sa.Date, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
    )
