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


def build(context: service.Context[LibrarianSettings]) -> Sequence[service.Loop]:
    """Return the librarian's loops: the way in, and the look at what is there."""
    pool = children.Children(FUNCTION, processes=context.settings.decoding_processes)
    context.resources.callback(pool.close)
    brake = context.settings.thresholds
    filer = Filer(context.database, context.owner, Reader(pool), context.clock, brake)
    context.resources.callback(filer.close)
    desk = Desk(
        database=context.database,
        filer=filer,
        clock=context.clock,
        owner=context.owner.id,
        stop=context.stop,
        brake=brake,
        ignored=context.settings.ignored_names,
    )
    rounds = Rounds(desk)
    context.resources.callback(rounds.close)
    watch = Watch(context.database, context.clock, brake)
    return [
        service.Loop("filing", lambda pulse: rounds.run(pulse, context.stop)),
        service.Loop("watch", lambda pulse: watch.run(pulse, context.stop)),
    ]


def main() -> int:
    return service.run("librarian", LibrarianSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
