"""Texts of the plan by section: every revision as it was written, and the latest of each."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import never_emptied, only_added

revision = "planner_0013"
down_revision = "planner_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_text",
        *_key(),
        sa.Column("revision", sa.Integer, nullable=False),
        *_content(),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "section_text",
        *_key(),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        *_content(),
        sa.Column("recorded_at", Instant, nullable=False),
    )
    only_added("section_text")
    never_emptied("section_text")


def _key() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("first_year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("section", sa.Text, primary_key=True),
    )


def _content() -> tuple[sa.Column[Any], ...]:
    texts = (sa.Column(name, sa.Text, nullable=False) for name in ("markdown", "organisation", "office", "note"))
    return (*texts, sa.Column("written_on", sa.Date, nullable=False))
