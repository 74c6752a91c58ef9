"""What every event class is: the data of one CloudEvent, of one topic, in one version."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override


class Event(BaseModel):
    """The data of an event.

    A class is additive only: new fields have defaults, readers ignore fields they do not know. A
    change that is not additive is a new class with the next version and the same topic.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    topic: ClassVar[str]
    version: ClassVar[int]
    example: ClassVar[dict[str, Any]]

    @property
    def key(self) -> str:
        """Return what orders events within their topic, and chooses the partition."""
        raise NotImplementedError

    @property
    def subject_asset(self) -> UUID | None:
        """Return the asset in whose receipt the event stands."""
        return None


class AssetEvent(Event):
    """An event of one asset."""

    asset_id: UUID
    revision: int = Field(
        default=0,
        ge=0,
        description="The asset's revision after the change; an older one may be dropped.",
    )

    @property
    @override
    def key(self) -> str:
        return str(self.asset_id)

    @property
    @override
    def subject_asset(self) -> UUID | None:
        return self.asset_id


def schema_uri(topic: str, version: int) -> str:
    """Return the ``dataschema`` of one version of one topic."""
    return f"urn:photofactory:event:{topic}:{version}"
