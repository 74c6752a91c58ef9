"""Settings: read once in ``main`` from the environment, then passed down.

Every name has the prefix ``PHOTOFACTORY_``. A service adds its own fields by a subclass in its
``settings.py``; ``.env.example`` is generated from all of them.
"""

from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every service needs to know."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="PHOTOFACTORY_", frozen=True, extra="ignore"
    )

    database_url: SecretStr = Field(description="PostgreSQL address, psycopg form.")
    kafka_bootstrap_servers: str | None = Field(
        default=None, description="HOST:PORT of a broker; empty = events are read from PostgreSQL."
    )
    health_port: int = Field(
        default=0, description="Port of /livez, /readyz and /metrics on loopback; 0 = any free one."
    )
    health_host: str = Field(
        default="127.0.0.1", description="Address of the health server; 0.0.0.0 in a container."
    )
    stuck_after_s: float = Field(
        default=900.0,
        gt=0,
        description="A loop without progress for so long ends the service with all its stacks.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    heartbeat_interval_s: int = Field(default=30, description="Seconds between two heartbeats.")
    history_days: int = Field(default=60, ge=1, description="Days that heartbeats are kept.")
    run_folder: Path | None = Field(
        default=None, description="Where a service leaves the port of its health server."
    )
    parent_fd: int | None = Field(
        default=None, description="Descriptor of the supervisor's pipe; its end ends the service."
    )
    fault: str = Field(default="", description="Fault point for crash tests, NAME:ACTION[:NTH].")
