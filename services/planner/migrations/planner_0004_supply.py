"""What the supply forecast is made of: the stock's makeup, what became of works and disposals, each home's works."""

import sqlalchemy as sa
from alembic import op

revision = "planner_0004"
down_revision = "planner_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_makeup",
        *(_key(name) for name in ("ambito", "municipality", "owner")),
        sa.Column("size_class", sa.Integer, primary_key=True, autoincrement=False),
        *(_key(name) for name in ("service_type", "status")),
        _count("count"),
    )
    op.create_table(
        "plan_outcome",
        *(_key(name) for name in ("ambito", "municipality", "owner")),
        sa.Column("quarter", sa.Integer, primary_key=True, autoincrement=False),
        *(_count(name) for name in ("restored", "built", "sold", "withdrawn", "termed", "slips", "squares")),
    )
    for name in ("previous_status", "programme", "works_kind"):
        op.add_column("plan_home", sa.Column(name, sa.Text))
    op.add_column("plan_home", sa.Column("works_planned_on", sa.Date))


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
