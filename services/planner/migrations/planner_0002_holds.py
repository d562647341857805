"""Homes held for emergency cases: the holds, their ledger, what the plan knows of them, and blameless arrears."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "planner_0002"
down_revision = "planner_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_case", sa.Column("blameless_arrears", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "plan_hold",
        _key("ambito"),
        _key("unit_id"),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("case_ref", "status")),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("ambito", "unit_id", "case_ref")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("municipality", "owner", "organisation", "status")),
        *(sa.Column(name, Instant, nullable=False) for name in ("placed_at", "expires_at")),
        sa.Column("decided_at", Instant),
        sa.Column("reason", sa.Text),
    )
    op.create_index("hold_listing", "hold", ["ambito", "placed_at", "id"])
    active = sa.text("status IN ('HELD', 'ACCEPTED')")
    for name, column in (("hold_unit", "unit_id"), ("hold_case", "case_ref")):
        op.create_index(name, "hold", ["ambito", column], unique=True, sqlite_where=active, postgresql_where=active)
    op.create_table(
        "hold_entry",
        _key("ambito"),
        _key("unit_id"),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        _key("account"),
        sa.Column("amount", sa.SmallInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("hold_id", sa.Uuid, nullable=False),
        sa.Column("entered_at", Instant, nullable=False),
        sa.CheckConstraint("amount IN (-1, 1)", name="hold_entry_amount"),
    )
    op.create_table(
        "idempotency_key",
        _key("organisation"),
        _key("key"),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("claimed_at", Instant, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.LargeBinary),
    )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)
