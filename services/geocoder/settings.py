"""The geocoder's settings."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class GeocoderSettings(Settings):
    place_folder: Path = Field(
        default=Path("~/.cache/photo-factory"),
        description="Where the gazetteer is built once (~ = home); it can be thrown away.",
    )
