"""Contested numbers: their steps as they were taken, and the latest of each; comments on the plan."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import never_emptied, only_added

revision = "planner_0014"
down_revision = "planner_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_contest",
        *_key("ambito", "id"),
        sa.Column("revision", sa.Integer, nullable=False),
        *_texts("kind", "told", "cause"),
    )
    op.create_table(
        "contest",
        *_key("ambito"),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("kind", "status"),
        sa.Column("decided_at", Instant, nullable=False),
        *_texts("body"),
        sa.CheckConstraint(
            "status IN ('OPEN', 'ANSWERED', 'CORRECTED', 'CONFIRMED', 'WITHDRAWN', 'EXPIRED')", name="contest_status"
        ),
    )
    op.create_table(
        "comment",
        *_key("ambito"),
        sa.Column("thread", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("place", "organisation", "role", "text"),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("written_at", Instant, nullable=False),
    )
    op.create_index("comment_of_place", "comment", ["ambito", "place"])
    only_added("contest", "comment")
    never_emptied("contest", "comment")


def _key(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, primary_key=True) for name in names)


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)
