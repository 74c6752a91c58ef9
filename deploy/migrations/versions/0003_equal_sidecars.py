"""Sidecars with equal bytes, beside different photos, may be filed at the same time.

Of photos, one content is reserved once, as before; of sidecars, once for each photo. Code that
files equal sidecars one after the other goes on doing so.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create unique index uq_filings_photo on filings (catalog_id, file_hash)
        where record -> 'link' is null
    """)
    op.execute("""
        create unique index uq_filings_sidecar on filings (asset_id, file_hash)
        where record -> 'link' is not null
    """)
    op.drop_constraint("uq_filings_catalog_id_file_hash", "filings")


def downgrade() -> None:
    op.create_unique_constraint(
        "uq_filings_catalog_id_file_hash", "filings", ["catalog_id", "file_hash"]
    )
    op.drop_index("uq_filings_sidecar")
    op.drop_index("uq_filings_photo")
