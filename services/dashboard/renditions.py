"""Thumbnails and previews: found in the ledger, read below their root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import models
from shared.disk import roots
from shared.disk.root_folder import KnownRoot
from shared.errors import PermanentError

Kind = Literal["thumbnail", "preview"]


class NoRenditionError(PermanentError):
    """There is no such picture; the message says why."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """Where a picture is, and what it is."""

    root: KnownRoot
    relative_path: str
    mime_type: str
    etag: str

    def read(self) -> bytes:
        """Return the file's bytes; raises NoRenditionError when it is not at its place.

        A root that is not there raises DependencyError.
        """
        with self.root.open(is_for_writing=False) as folder:
            try:
                descriptor = folder.open_file(os.fsencode(self.relative_path))
            except (OSError, PermanentError) as error:
                raise NoRenditionError(f"the file is not at its place: {error}") from error
            with os.fdopen(descriptor, "rb") as file:
                return file.read()


def find(session: orm.Session, asset_id: UUID, kind: Kind) -> Rendition:
    """Return one rendition of an asset; raises NoRenditionError when there is none."""
    row = session.get(models.AssetRendition, (asset_id, kind))
    if row is None:
        raise NoRenditionError(f"no {kind}: {why_not(session, asset_id)}")
    return Rendition(
        root=roots.known(session, roots.get(session, row.root_id)),
        relative_path=row.relative_path,
        mime_type=row.mime_type,
        etag=f'"{row.updated_at.timestamp():.6f}-{row.size_bytes}"',
    )


def why_not(session: orm.Session, asset_id: UUID) -> str:
    """Return why an asset has no rendition."""
    if session.scalar(sa.select(models.MediaAsset.id).filter_by(id=asset_id)) is None:
        return f"no photo {asset_id} is in the library"
    stage = session.get(models.AssetStage, (asset_id, "thumbnailed"))
    if stage is None:
        return "it is not made yet"
    return f"{stage.state.replace('_', ' ')}{f': {stage.error}' if stage.error else ''}"
