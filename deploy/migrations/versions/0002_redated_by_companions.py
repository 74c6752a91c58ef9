"""The brake counts by the event log what companions re-dated lately; it must not read all of it.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        """
        create index idx_event_log_companions on event_log (time)
        where topic = 'media.asset.redated' and data ->> 'reason' like 'companion:%'
        """,
        execution_options={"no_parameters": True},  # a % is no placeholder
    )


def downgrade() -> None:
    op.drop_index("idx_event_log_companions")
