"""The librarian's settings."""

from pydantic import Field

from shared.settings import Settings


class LibrarianSettings(Settings):
    decoding_processes: int = Field(
        default=2, description="Child processes that read metadata, started when needed."
    )
