"""The integer state of each plan, the plan as it stands, and its versions."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "planner_0001"
down_revision = None
branch_labels = ("planner",)
depends_on = None


def upgrade() -> None:
    op.create_table("plan_reference", _key("ambito"), sa.Column("reference_on", sa.Date, nullable=False))
    op.create_table(
        "plan_cell",
        *(_key(name) for name in ("ambito", "municipality", "owner")),
        *(sa.Column(name, sa.Integer, primary_key=True, autoincrement=False) for name in ("size_class", "quarter")),
        *(_count(name) for name in ("exits", "assignable_exits", "openings", "offsets")),
    )
    op.create_table("plan_stock", *(_key(n) for n in ("ambito", "municipality", "owner", "status")), _count("count"))
    op.create_table(
        "plan_home",
        *(_key(name) for name in ("ambito", "unit_id")),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text) for name in ("status", "municipality", "owner", "manager")),
        sa.Column("size_class", sa.Integer),
        sa.Column("accessible", sa.Boolean),
        sa.Column("since", sa.Date),
        sa.Column("pending_inspection", sa.Boolean),
        sa.Column("works_end_on", sa.Date),
        sa.Column("sat_ends_on", sa.Date),
        sa.Column("cause", sa.Text),
    )
    op.create_table(
        "plan_case",
        *(_key(name) for name in ("ambito", "case_ref")),
        sa.Column("municipality", sa.Text, nullable=False),
        sa.Column("household_size", sa.Integer, nullable=False),
        sa.Column("accessible", sa.Boolean, nullable=False),
        sa.Column("urgency_class", sa.Integer, nullable=False),
        sa.Column("waiting_since", sa.Date, nullable=False),
        sa.Column("deadline_on", sa.Date),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "plan_declaration",
        _key("ambito"),
        sa.Column("cycle_year", sa.Integer, primary_key=True, autoincrement=False),
        *(_key(name) for name in ("owner", "municipality")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("nil", sa.Boolean, nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("stock", "turnover_expected", "assignable_total", "sat_units")
        ),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "plan",
        _key("ambito"),
        _count("revision"),
        sa.Column("writer", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "plan_version",
        _key("ambito"),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("reference_on", sa.Date, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE plan ALTER COLUMN content SET STORAGE EXTERNAL")


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
