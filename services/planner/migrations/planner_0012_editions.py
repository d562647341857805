"""Editions of the plan: what was proposed, and every step from there to its publication."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import never_emptied, only_added

revision = "planner_0012"
down_revision = "planner_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_step",
        *_key(),
        *(_text(name) for name in ("kind", "before", "status")),
        sa.Column("taken_on", sa.Date, nullable=False),
        *(_text(name) for name in ("office", "organisation", "acts")),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rules_on", sa.Date, nullable=False),
        *(_text(name) for name in ("plan_hash", "log_head", "document_hash")),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.CheckConstraint(
            "status IN ('PROPOSED', 'SUBMITTED_TO_ASSEMBLY', 'APPROVED', 'RETURNED', 'TRANSMITTED_TO_REGION', "
            "'PUBLISHED', 'SUPERSEDED')",
            name="edition_status",
        ),
    )
    op.create_table(
        "frozen_plan",
        *_key(),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("rules", sa.LargeBinary, nullable=False),
    )
    only_added("edition_step", "frozen_plan")
    never_emptied("edition_step", "frozen_plan", "document", "objective")
    never_emptied("plan_version", "plan_journal", "hold_entry", "choice")


def _key() -> tuple[sa.Column[Any], ...]:
    numbers = ("first_year", "edition", "step")
    columns = (sa.Column(name, sa.Integer, primary_key=True, autoincrement=False) for name in numbers)
    return (sa.Column("ambito", sa.Text, primary_key=True), *columns)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
