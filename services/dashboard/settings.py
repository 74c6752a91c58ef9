"""The dashboard's settings."""

from pydantic import Field

from shared.settings import Settings


class DashboardSettings(Settings):
    host: str = Field(
        default="127.0.0.1", description="Address of the page; 0.0.0.0 only behind a login."
    )
    port: int = Field(default=8420, description="Port of the page.")
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Names under which the page may be asked for besides loopback's."
    )
    services: tuple[str, ...] = Field(
        default=("librarian", "thumbnailer", "geocoder", "backup", "dashboard"),
        description="The services that should run; the page misses one that does not.",
    )

    @property
    def expected_services(self) -> tuple[str, ...]:
        """The services that should run, the relay among them where there is a broker."""
        return self.services + (("relay",) if self.kafka_bootstrap_servers else ())
