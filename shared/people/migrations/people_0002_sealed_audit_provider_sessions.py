"""The audit's lines are sealed one by one, from the first; sessions know which of the provider's they came from."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db import Instant
from shared.log_chain import OPEN, links
from shared.only_added import never_emptied, only_added

revision = "people_0002"
down_revision = "people_0001"
branch_labels = None
depends_on = None

WHAT = (
    *("signed-in", "refused", "throttled", "signed-out", "signed-out-everywhere", "signed-out-by-provider"),
    *("account-made", "password-reset", "password-changed", "account-closed"),
)
TOLD = ("at", "what", "method", "person", "organisation", "address")


def _told() -> list[sa.Column[Any]]:
    bigserial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return [
        sa.Column("id", bigserial, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("person", "organisation", "address")),
    ]


def upgrade() -> None:
    op.add_column("session", sa.Column("provider_session", sa.Text))
    before = sa.Table("happening", sa.MetaData(), *_told())
    lines = op.get_bind().execute(sa.select(before).order_by(before.c.id)).mappings().all()
    # The table is made anew: no line of it can be changed in place, and SQLite changes no constraint.
    op.drop_table("happening")
    after = op.create_table(
        "happening",
        *_told(),
        sa.Column("link", sa.Text, nullable=False),
        sa.CheckConstraint(f"what IN {WHAT}", name="happening_what"),
    )
    told = [{name: line[name] for name in TOLD} for line in lines]
    sealed = links(((_written(line["at"]), *list(line.values())[1:]) for line in told), OPEN)
    op.bulk_insert(after, [line | {"link": link} for line, link in zip(told, sealed, strict=True)])
    only_added("happening")
    never_emptied("happening")


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
