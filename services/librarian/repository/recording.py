"""The rows of a filed asset: asset, evidence of its date, occurrence, item of its job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import KEPT, Outcome
from shared import models

ASSET_COLUMNS: Final = (
    "original_name", "original_path", "captured_at", "ingested_at", "location", "has_errors",
    "error_message", "width", "height", "captured_local", "utc_offset_minutes", "offset_source",
    "captured_at_source", "date_confidence", "metadata", "media_type", "mime_type", "damage",
)  # fmt: skip
"""What a filing's record says about its asset; identity and path are the filing's own."""

DATE_COLUMNS: Final = (
    "candidates", "time_known", "conflict", "suspicious", "reasons", "rule_version", "mtime_ns",
    "arrived_at", "companions", "override", "decided_at",
)  # fmt: skip


def insert_assets(session: orm.Session, filing_ids: Collection[UUID]) -> None:
    """Write the asset and date rows of filings, as their records say.

    Raises:
        IntegrityError, DataError: PostgreSQL refuses a value; which filing's is not told.
    """
    session.execute(_INSERT_ASSETS, {"ids": list(filing_ids)})
    session.execute(_INSERT_DATES, {"ids": list(filing_ids)})


def insert_sidecars(session: orm.Session, filing_ids: Collection[UUID]) -> None:
    """Write the links of filed sidecars; errors as for assets."""
    session.execute(_INSERT_SIDECARS, {"ids": list(filing_ids)})


def decide_files(
    session: orm.Session, outcomes: Sequence[Outcome], now: datetime, *, owner: int | None = None
) -> None:
    """Give files, and the items of their jobs, what became of them.

    With an ``owner``, only those that are still theirs: who lost the database was taken for dead.
    The claim goes on, until the source is gone as well.
    """
    decided = sorted(
        (each for each in outcomes if each.outcome is not None), key=lambda each: each.file_id
    )
    if not decided:
        return
    values: dict[str, Any] = {
        "now": now,
        "ids": [each.file_id for each in decided],
        "outcomes": [each.outcome for each in decided],
        "reasons": [each.reason for each in decided],
        "details": [each.detail for each in decided],
        "assets": [each.asset_id for each in decided],
        "hashes": [each.file_hash for each in decided],
        "owner": owner,
    }
    ours = session.scalars(_DECIDE_FILES, values)
    session.execute(_DECIDE_ITEMS, {"ids": list(ours)})


def decided(session: orm.Session, file_ids: Collection[UUID]) -> dict[UUID, Outcome]:
    """Those of the files that have an outcome, with it."""
    file = models.File
    query = sa.select(
        file.id, file.path, file.outcome, file.reason, file.detail, file.asset_id, file.file_hash
    ).where(file.id.in_(file_ids), file.outcome.is_not(None))
    return {
        row.id: Outcome(
            file_id=row.id,
            path=row.path,
            outcome=row.outcome,
            reason=row.reason,
            detail=row.detail,
            asset_id=row.asset_id,
            file_hash=row.file_hash,
        )
        for row in session.execute(query)
    }


def keep_source(session: orm.Session, file_id: UUID, why: str) -> None:
    """Store why a source stays although it is recorded; nobody tries again to remove it."""
    session.execute(
        sa.update(models.File).where(models.File.id == file_id).values(reason=KEPT, detail=why)
    )


def sources_removed(session: orm.Session, file_ids: Collection[UUID], now: datetime) -> None:
    """Store that the files are gone from their source."""
    if file_ids:
        session.execute(_SOURCES_REMOVED, {"ids": list(file_ids), "now": now})


def reopen_files(session: orm.Session, file_ids: Collection[UUID]) -> None:
    """Let files be claimed again whose filing came to nothing."""
    session.execute(_REOPEN, {"ids": list(file_ids)})


_FILINGS: Final = "filings f join unnest(cast(:ids as uuid[])) as i(id) on f.id = i.id"

_INSERT_ASSETS: Final = sa.text(f"""
    insert into media_assets (id, file_hash, size_bytes, root_id, relative_path, path_key,
      final_path, {", ".join(ASSET_COLUMNS)})
    select f.asset_id, f.file_hash, f.size_bytes, f.root_id, f.relative_path, f.path_key,
      rtrim(r.path, '/') || '/' || f.relative_path, {", ".join(f"a.{c}" for c in ASSET_COLUMNS)}
    from {_FILINGS}
    join roots r on r.id = f.root_id
    cross join jsonb_populate_record(null::media_assets, f.record -> 'asset') a
    order by f.file_hash""")

_INSERT_DATES: Final = sa.text(f"""
    insert into asset_dates (asset_id, {", ".join(DATE_COLUMNS)})
    select f.asset_id, {", ".join(f"d.{c}" for c in DATE_COLUMNS)}
    from {_FILINGS}
    cross join jsonb_populate_record(null::asset_dates, f.record -> 'dates') d
    order by f.asset_id""")

_INSERT_SIDECARS: Final = sa.text(f"""
    insert into asset_links (asset_id, kind, root_id, relative_path, path_key, file_hash,
      size_bytes, original_name, original_path, evidence)
    select f.asset_id, l.kind, f.root_id, f.relative_path, f.path_key, f.file_hash, f.size_bytes,
      l.original_name, l.original_path, l.evidence
    from {_FILINGS}
    cross join jsonb_populate_record(null::asset_links, f.record -> 'link') l
    order by f.file_hash""")

_DECIDE_FILES: Final = sa.text("""
    update files set outcome = i.outcome, reason = i.reason, detail = i.detail,
      asset_id = coalesce(i.asset, files.asset_id), file_hash = coalesce(i.hash, files.file_hash),
      decided_at = :now, next_attempt_at = null
    from unnest(cast(:ids as uuid[]), cast(:outcomes as text[]), cast(:reasons as text[]),
      cast(:details as text[]), cast(:assets as uuid[]), cast(:hashes as text[]))
      as i(id, outcome, reason, detail, asset, hash)
    where files.id = i.id and (cast(:owner as bigint) is null or files.owner = :owner)
    returning files.id""")

_DECIDE_ITEMS: Final = sa.text("""
    insert into job_files (job_id, file_id, outcome, reason, detail, target_path, attempts)
    select f.job_id, f.id, f.outcome, f.reason, f.detail, a.relative_path, 1
    from files f join unnest(cast(:ids as uuid[])) as i(id) on f.id = i.id
    left join media_assets a on a.id = f.asset_id
    where f.job_id is not null
    on conflict (job_id, file_id) do update set outcome = excluded.outcome,
      reason = excluded.reason, detail = excluded.detail, target_path = excluded.target_path,
      attempts = job_files.attempts + 1""")

_SOURCES_REMOVED: Final = sa.text(
    "update files set source_removed_at = :now where id = any(cast(:ids as uuid[]))"
)

_REOPEN: Final = sa.text(
    "update files set owner = null where id = any(cast(:ids as uuid[])) and outcome is null"
)
