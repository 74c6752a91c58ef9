"""The backup's settings."""

from pydantic import Field

from shared.settings import Settings


class BackupSettings(Settings):
    backup_copies_at_once: int = Field(
        default=2, ge=1, description="Originals that are copied at once; 1 suits slow disks."
    )
