"""Confirmations are part of the declaration; homes by owner, from the registry's facts; owners in default."""

import orjson
import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _move_confirmations()
    op.drop_column("submission", "confirmations")
    op.create_table(
        "owned_homes",
        sa.Column("ambito", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("municipality", sa.Text, primary_key=True),
        sa.Column("homes", sa.Integer, nullable=False),
    )
    op.create_table(
        "submission_default",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ambito", sa.Text, nullable=False),
        sa.Column("cycle_year", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("municipality", sa.Text, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("ambito", "cycle_year", "owner", "municipality", name="submission_default_once"),
    )


def _move_confirmations() -> None:
    submission = sa.table("submission", sa.column("id", sa.Uuid), sa.column("body"), sa.column("confirmations"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(submission)).all():
        reasons = {f"/columns/{name}": reason for name, reason in orjson.loads(row.confirmations).items() if reason}
        if reasons:
            said = [{"field": field, "reason": reason} for field, reason in reasons.items()]
            body = orjson.dumps(orjson.loads(row.body) | {"confirmations": said}).decode()
            connection.execute(submission.update().where(submission.c.id == row.id).values(body=body))
