"""The backbone: ledger, arrivals, event log, health.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text("utf-8"),
        execution_options={"no_parameters": True},  # a % is no placeholder
    )


def downgrade() -> None:
    raise NotImplementedError("a ledger is never taken back to nothing")
