"""What the command line takes from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SuiteSettings(BaseSettings):
    """All optional: the data folder names what the environment does not."""

    model_config = SettingsConfigDict(env_prefix="PHOTOFACTORY_", frozen=True, extra="ignore")

    database_url: SecretStr | None = Field(
        default=None, description="A database that is run by others, as in a container."
    )
    kafka_bootstrap_servers: str | None = Field(
        default=None, description="HOST:PORT of a broker, as --kafka."
    )
    default_zone: str | None = Field(
        default=None, description="The household's time zone, as --zone."
    )
    machine_zone: str | None = Field(
        default=None,
        validation_alias="TZ",
        description="The zone of this machine, by its usual name.",
    )
