"""The librarian's settings."""

from typing import ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.disk.mass_change import Thresholds
from shared.settings import Settings


class BrakeSettings(BaseSettings):
    """How much may change at once; the command line asks by them, too."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="PHOTOFACTORY_", frozen=True, extra="ignore"
    )

    mass_change_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of missing, changed or re-dated originals that freezes their folder.",
    )
    mass_change_minimum: int = Field(
        default=20,
        ge=1,
        description="Fewer missing, changed or re-dated originals freeze nothing.",
    )

    @property
    def thresholds(self) -> Thresholds:
        """What the brake goes by."""
        return Thresholds(self.mass_change_share, self.mass_change_minimum)


class LibrarianSettings(BrakeSettings, Settings):
    ignored_names: tuple[str, ...] = Field(
        default=(),
        description="More files and folders to leave alone, by name without case: a JSON list of"
        ' patterns, as ["*.bak", "@cache"].',
    )
    decoding_processes: int = Field(
        default=2, description="Child processes that read metadata, started when needed."
    )
