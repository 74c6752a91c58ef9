"""The thumbnailer's settings."""

from pydantic import Field

from shared.settings import Settings


class ThumbnailerSettings(Settings):
    thumbnail_processes: int = Field(
        default=0,
        ge=0,
        description="Child processes that decode pictures, started when needed; 0 = one per core.",
    )
