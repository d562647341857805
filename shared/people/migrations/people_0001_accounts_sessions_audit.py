"""Accounts, sessions, attempts and the audit."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.only_added import only_added

revision = "people_0001"
down_revision = None
branch_labels = ("people",)
depends_on = None


def _who() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in ("organisation", "role", "ambito")]


def upgrade() -> None:
    bigserial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "account",
        sa.Column("name", sa.Text, primary_key=True),
        *_who(),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        *_who(),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("began_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
    )
    op.create_index("session_of", "session", ["person"])
    op.create_table(
        "attempt",
        sa.Column("id", bigserial, primary_key=True, autoincrement=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("attempt_under", "attempt", ["what", "at"])
    op.create_table(
        "happening",
        sa.Column("id", bigserial, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("organisation", sa.Text),
        sa.Column("address", sa.Text),
        sa.CheckConstraint(
            "what IN ('signed-in', 'refused', 'throttled', 'signed-out', 'signed-out-everywhere', "
            "'account-made', 'password-reset', 'password-changed', 'account-closed')",
            name="happening_what",
        ),
    )
    only_added("happening")
