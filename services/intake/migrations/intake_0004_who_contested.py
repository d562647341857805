"""Who contested a declared cell, since when and why: its owner is shown it where the cell is corrected.

Cells of steps heard before stay without, until `pianovivo rebuild intake` hears them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contested_cell", sa.Column("contester", sa.Text))
    op.add_column("contested_cell", sa.Column("contested_on", sa.Date))
    op.add_column("contested_cell", sa.Column("reason", sa.Text))
