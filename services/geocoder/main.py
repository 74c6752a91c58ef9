"""What the geocoder is made of."""

from collections.abc import Sequence

from geocoder import places
from geocoder.handlers import Handler
from geocoder.settings import GeocoderSettings
from shared import service
from shared.stages import stage_loop


def build(context: service.Context[GeocoderSettings]) -> Sequence[service.Loop]:
    """Return the loop of stage "geocoded"."""
    gazetteer = places.Gazetteer(places.prepared(context.settings.place_folder.expanduser()))
    context.resources.callback(gazetteer.close)
    return [stage_loop.stage_loop(context, Handler(gazetteer), batch_size=256)]


def main() -> int:
    return service.run("geocoder", GeocoderSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
