"""The secret by which the links of the event logs are made, so that nobody finds small counts by trying them."""

import secrets

import sqlalchemy as sa
from alembic import op

from shared.only_added import never_emptied, only_added

revision = "planner_0015"
down_revision = "planner_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table("log_key", sa.Column("key", sa.Text, primary_key=True))
    op.bulk_insert(table, [{"key": secrets.token_hex(32)}])
    only_added("log_key")
    never_emptied("log_key")
