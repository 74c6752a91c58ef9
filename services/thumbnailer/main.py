"""What the thumbnailer is made of."""

import os
from collections.abc import Sequence

from shared import service
from shared.children import children
from shared.stages import stage_loop
from thumbnailer import rendering, repository, storing
from thumbnailer.handlers import Handler
from thumbnailer.settings import ThumbnailerSettings

BATCH_PER_PROCESS = 16
"""So many pictures are recorded together: about a second of work."""


def build(context: service.Context[ThumbnailerSettings]) -> Sequence[service.Loop]:
    """Return the thumbnailer's one loop."""
    with context.database.read() as session:
        target = repository.derivatives_root(session)
    storing.tidy(target, now=context.clock.now())
    processes = context.settings.thumbnail_processes or os.cpu_count() or 1
    pool = children.Children(rendering.FUNCTION, processes=processes)
    context.resources.callback(pool.close)
    handler = Handler(pool, processes)
    return [stage_loop.stage_loop(context, handler, batch_size=BATCH_PER_PROCESS * processes)]


def main() -> int:
    return service.run("thumbnailer", ThumbnailerSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
