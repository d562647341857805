"""What was published, heard, decided and chosen stays as it was written."""

from shared.only_added import only_added

revision = "planner_0007"
down_revision = "planner_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    only_added("plan_version", "plan_journal", "hold_entry", "choice")
