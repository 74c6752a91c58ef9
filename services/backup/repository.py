"""All SQL of the backup."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from shared import models
from shared.disk import roots
from shared.disk.root_folder import KnownRoot

STAGE = "backed_up"
VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Target:
    """An active backup target."""

    id: UUID
    name: str
    root: KnownRoot
    is_same_disk: bool


@dataclass(frozen=True, slots=True)
class Original:
    """A file below a root of originals and the content it has to have."""

    root: KnownRoot
    relative_path: str
    file_hash: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Asset:
    """What is to be copied for an asset; `copies` are the paths it has on targets, by target."""

    id: UUID
    original: Original
    sidecars: tuple[Original, ...]
    copies: Mapping[UUID, str]
    verified_on: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Held:
    """A verified copy of a photo, or a copy of its sidecar, and the content it has to have."""

    asset_id: UUID
    relative_path: str
    file_hash: str
    size_bytes: int
    is_sidecar: bool = False


def active_targets(session: orm.Session) -> list[Target]:
    """Return where copies have to be; those on another disk than the originals first."""
    target = models.BackupTarget
    rows = session.scalars(
        sa.select(target).where(target.is_active).order_by(target.is_same_disk, target.name)
    )
    return [
        Target(
            row.id,
            row.name,
            roots.known(session, roots.get(session, row.root_id)),
            row.is_same_disk,
        )
        for row in rows
    ]


def assets(session: orm.Session, asset_ids: Sequence[UUID]) -> list[Asset]:
    """Return those of the assets that lie under a root of ours and were not removed."""
    asset = models.MediaAsset
    rows = session.scalars(
        sa.select(asset).where(
            asset.id.in_(asset_ids),
            asset.root_id.is_not(None),
            asset.relative_path.is_not(None),
            asset.removed_at.is_(None),
        )
    ).all()
    sidecars = _sidecars(session, asset_ids)
    copies = _copies(session, asset_ids)
    return [
        Asset(
            row.id,
            _original(session, row),
            tuple(_original(session, link) for link in sidecars[row.id]),
            {copy.target_id: copy.relative_path for copy in copies[row.id]},
            frozenset(copy.target_id for copy in copies[row.id] if copy.state == VERIFIED),
        )
        for row in rows
    ]


def path_of(session: orm.Session, asset_id: UUID) -> tuple[UUID | None, str | None]:
    """Return root and path of an asset as they are now; (None, None) if it is gone."""
    row = session.get(models.MediaAsset, asset_id)
    return (row.root_id, row.relative_path) if row else (None, None)


def save_copies(session: orm.Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write verified copies; the path of a copy stays what it was first."""
    if not rows:
        return
    statement = pg.insert(models.AssetCopy)
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["asset_id", "target_id"],
            set_={
                "relative_path": new.relative_path,
                "state": new.state,
                "copied_at": new.copied_at,
                "verified_at": new.verified_at,
            },
        ),
        [dict(row) for row in rows],
    )


def held(session: orm.Session, target_id: UUID, after: UUID | None, limit: int) -> list[Held]:
    """Return the next verified copies on a target, by asset id, of photos that were not removed."""
    asset, copy = models.MediaAsset, models.AssetCopy
    query = (
        sa.select(asset.id, copy.relative_path, asset.file_hash, asset.size_bytes)
        .join(copy, copy.asset_id == asset.id)
        .where(copy.target_id == target_id, copy.state == VERIFIED, asset.removed_at.is_(None))
        .order_by(asset.id)
        .limit(limit)
    )
    rows = session.execute(query if after is None else query.where(asset.id > after))
    return [Held(*row) for row in rows]


def held_sidecars(session: orm.Session, asset_ids: Sequence[UUID]) -> list[Held]:
    """Return the sidecars of those of the photos whose copies are complete.

    Copies of sidecars have no rows: the path is that of the sidecar, where its copy belongs.
    """
    asset = models.MediaAsset
    query = sa.select(asset.id).where(asset.id.in_(asset_ids), asset.is_backed_up)
    complete = session.scalars(query).all()
    return [
        Held(
            row.asset_id,
            str(row.relative_path),
            str(row.file_hash),
            row.size_bytes or 0,
            is_sidecar=True,
        )
        for of_asset in _sidecars(session, complete).values()
        for row in of_asset
    ]


def doubt(session: orm.Session, asset_id: UUID, target_id: UUID, state: str) -> None:
    """Say that a copy is missing or damaged; its path stays, for the copy made next."""
    session.execute(
        sa.update(models.AssetCopy)
        .where(models.AssetCopy.asset_id == asset_id, models.AssetCopy.target_id == target_id)
        .values(state=state)
    )


def incomplete(session: orm.Session, asset_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the assets that lack a verified copy on an active target."""
    return frozenset(
        session.scalars(
            sa.text(
                "select distinct i.id from unnest(cast(:ids as uuid[])) as i(id)"
                f" cross join backup_targets t where t.is_active and {_LACKS.format(id='i.id')}"
            ),
            {"ids": list(asset_ids)},
        )
    )


def finished_but_incomplete(session: orm.Session, limit: int) -> list[UUID]:
    """Return assets whose stage is over and that lack a copy on an active target: a new one."""
    return list(
        session.scalars(
            sa.text(
                "select a.id from media_assets a"
                f" left join asset_stages s on s.asset_id = a.id and s.stage = '{STAGE}'"
                " where a.relative_path is not null and a.removed_at is null"
                " and (a.is_backed_up or s.state = 'not_applicable')"
                " and exists (select from backup_targets t where t.is_active"
                f" and {_LACKS.format(id='a.id')}) limit :limit"
            ),
            {"limit": limit},
        )
    )


def parked_for(session: orm.Session, target_id: UUID, limit: int) -> list[UUID]:
    """Return parked assets that lack a copy on one target."""
    return list(
        session.scalars(
            sa.text(
                f"select s.asset_id from asset_stages s, backup_targets t"
                f" where s.stage = '{STAGE}' and s.state = 'retrying' and t.id = :target"
                f" and {_LACKS.format(id='s.asset_id')} order by s.asset_id limit :limit"
            ),
            {"target": target_id, "limit": limit},
        )
    )


def set_same_disk(session: orm.Session, target_id: UUID, *, is_same_disk: bool) -> None:
    """Say whether a target lies on the disk of the originals."""
    session.execute(
        sa.update(models.BackupTarget)
        .where(models.BackupTarget.id == target_id)
        .values(is_same_disk=is_same_disk)
    )


def originals_roots(session: orm.Session) -> list[KnownRoot]:
    """Return the roots of originals."""
    return [roots.known(session, root) for root in roots.find(session, "originals")]


def _original(session: orm.Session, row: Any) -> Original:  # noqa: ANN401  an asset or a link
    root = roots.known(session, roots.get(session, row.root_id))
    return Original(root, row.relative_path, row.file_hash, row.size_bytes or 0)


def _sidecars(
    session: orm.Session, asset_ids: Sequence[UUID]
) -> Mapping[UUID, list[models.AssetLink]]:
    """Sidecar files beside the originals; linked assets are copied for themselves."""
    link = models.AssetLink
    found = defaultdict(list)
    for row in session.scalars(
        sa.select(link)
        .where(
            link.asset_id.in_(asset_ids),
            link.file_hash.is_not(None),
            link.root_id.is_not(None),
            link.relative_path.is_not(None),
        )
        .order_by(link.relative_path)
    ):
        found[row.asset_id].append(row)
    return found


def _copies(
    session: orm.Session, asset_ids: Sequence[UUID]
) -> Mapping[UUID, list[models.AssetCopy]]:
    found = defaultdict(list)
    copy = models.AssetCopy
    for row in session.scalars(sa.select(copy).where(copy.asset_id.in_(asset_ids))):
        found[row.asset_id].append(row)
    return found


_LACKS = (
    "not exists (select from asset_copies c where c.asset_id = {id} and c.target_id = t.id"
    f" and c.state = '{VERIFIED}')"
)
