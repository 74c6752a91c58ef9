"""The librarian's settings."""

from pydantic import Field

from shared.settings import Settings


class LibrarianSettings(Settings):
    decoding_processes: int = Field(
        default=2, description="Child processes that read metadata, started when needed."
    )
    mass_change_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of missing or changed originals that freezes their folder.",
    )
    mass_change_minimum: int = Field(
        default=20, ge=1, description="Fewer missing or changed originals freeze nothing."
    )
