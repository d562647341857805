"""Which value the plan adopts where somebody has chosen: the choices as they were made, and those in force."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "planner_0006"
down_revision = "planner_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_choice",
        *_cell(),
        sa.Column("revision", sa.Integer, nullable=False),
        *_said(),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "choice",
        *_cell(),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid, nullable=False),
        *_said(),
        sa.Column("chosen_at", Instant, nullable=False),
    )


def _cell() -> tuple[sa.Column[Any], ...]:
    names = (sa.Column(name, sa.Text, primary_key=True) for name in ("ambito", "municipality", "owner"))
    year = sa.Column("year", sa.Integer, primary_key=True, autoincrement=False)
    return (*names, year, sa.Column("quantity", sa.Text, primary_key=True))


def _said() -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in ("basis", "reason", "organisation"))
