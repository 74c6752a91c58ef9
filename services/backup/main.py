"""What the backup is made of."""

from collections.abc import Sequence

from backup.handlers import Handler
from backup.settings import BackupSettings
from backup.targets import Targets
from shared import service
from shared.stages import stage_loop


def build(context: service.Context[BackupSettings]) -> Sequence[service.Loop]:
    """Return the loop that copies and the one that watches the targets."""
    handler = Handler(context.database, context.clock, context.settings.backup_copies_at_once)
    targets = Targets(context.database, context.clock)
    return [
        stage_loop.stage_loop(context, handler),
        service.Loop("targets", lambda pulse: targets.run(pulse, context.stop)),
    ]


def main() -> int:
    return service.run("backup", BackupSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
