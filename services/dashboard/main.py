"""What the dashboard is made of."""

from collections.abc import Sequence

from dashboard import api, live, readiness, server
from dashboard.reading import Reading
from dashboard.settings import DashboardSettings
from shared import retention, service


def build(context: service.Context[DashboardSettings]) -> Sequence[service.Loop]:
    """Return the loops of web server, live status and retention."""
    settings = context.settings
    reading = Reading(context.database, context.clock, settings.expected_services)
    told = live.Live(reading.read, context.clock, context.stop)
    parts = api.Parts(
        database=context.database,
        reading=reading,
        live=told,
        readiness=readiness.Readiness(settings.expected_services, settings.run_folder),
    )
    app = api.create(parts, settings.allowed_hosts)
    return [
        service.Loop("live", told.run),
        server.loop(app, settings.host, settings.port, context.stop),
        retention.daily_loop(context),
    ]


def main() -> int:
    return service.run("dashboard", DashboardSettings, build)


if __name__ == "__main__":
    raise SystemExit(main())
