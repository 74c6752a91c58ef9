"""What the librarian is made of."""

from collections.abc import Sequence

from librarian.desk import Desk
from librarian.filer import Filer
from librarian.loops import Rounds
from librarian.reader import FUNCTION, Reader
from librarian.settings import LibrarianSettings
from librarian.watch import Watch
from shared import service
from shared.children import children
from shared.disk import mass_change


def build(context: service.Context[LibrarianSettings]) -> Sequence[service.Loop]:
    """Return the librarian's loops: the way in, and the look at what is there."""
    pool = children.Children(FUNCTION, processes=context.settings.decoding_processes)
    context.resources.callback(pool.close)
    filer = Filer(context.database, context.owner, Reader(pool), context.clock)
    context.resources.callback(filer.close)
    rounds = Rounds(Desk(context.database, filer, context.clock, context.owner.id, context.stop))
    context.resources.callback(rounds.close)
    settings = context.settings
    brake = mass_change.Thresholds(settings.mass_change_share, settings.mass_change_minimum)
    watch = Watch(context.database, context.owner.id, context.clock, brake)
    return [
        service.Loop("filing", lambda pulse: rounds.run(pulse, context.stop)),
        service.Loop("watch", lambda pulse: watch.run(pulse, context.stop)),
    ]


def main() -> int:
    return service.run("librarian", LibrarianSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
