"""Objectives of the plan: their steps as they were taken, and the latest of each."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import only_added

revision = "planner_0008"
down_revision = "planner_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_objective",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *_terms(),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "objective",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        *_terms(),
        sa.Column("municipality", sa.Text, nullable=False),
        sa.Column("decided_at", Instant, nullable=False),
    )
    only_added("objective")


def _terms() -> tuple[sa.Column[Any], ...]:
    texts = (sa.Column(name, sa.Text, nullable=False) for name in ("text", "owner", "figure", "reason", "organisation"))
    numbers = (sa.Column(name, sa.Integer, nullable=False) for name in ("baseline", "target"))
    days = (sa.Column(name, sa.Date, nullable=False) for name in ("starts_on", "due_on"))
    return (sa.Column("is_withdrawn", sa.Boolean, nullable=False), *texts, *numbers, *days)
