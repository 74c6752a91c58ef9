"""What the ledger decides about a photo is owed to the record of its folder until that tells it.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owed_records",
        sa.Column(
            "asset_id",
            sa.Uuid,
            sa.ForeignKey("media_assets.id", ondelete="cascade"),
            primary_key=True,
        ),
        sa.Column("note", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()")),
    )


def downgrade() -> None:
    op.drop_table("owed_records")
