"""The fifth step: asset, evidence, occurrence and event in one transaction; the filing ends there.

What is written comes from the filing's own record, so a filing that another process has to finish
is recorded by the same statements.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exc, orm

from librarian import heeding, pairing
from librarian.arrivals import Outcome
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts
from librarian.repository import filings, originals, recording
from librarian.repository.filings import Filing
from shared import database as databases
from shared import event_log, events, faults, ledger
from shared.disk import mass_change
from shared.disk.mass_change import Thresholds


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A filing that PostgreSQL would not record; `is_known` if another row has its content."""

    filing: Filing
    error: str
    is_known: bool


def record(
    database: databases.Database,
    done: Sequence[Filing],
    now: datetime,
    thresholds: Thresholds = mass_change.USUAL,
) -> tuple[list[Filing], list[Refused]]:
    """The filings that are recorded now, and those whose values were refused.

    A filing that was taken over by another process is in neither. One transaction for all; only
    if it fails by a value is each recorded alone. The thresholds are those of `heeding.heed`.
    """
    if not done:
        return [], []
    try:
        ids = database.run(lambda session: _record(session, done, now, thresholds))
    except exc.DBAPIError as error:
        if not databases.is_refused_value(error):
            raise
        return _record_singly(database, done, now, thresholds)
    faults.point("filing.recorded")
    return [filing for filing in done if filing.id in ids], []


def _record_singly(
    database: databases.Database, done: Sequence[Filing], now: datetime, thresholds: Thresholds
) -> tuple[list[Filing], list[Refused]]:
    recorded: list[Filing] = []
    refused: list[Refused] = []
    for filing in done:
        try:
            ids = database.run(
                functools.partial(_record, done=[filing], now=now, thresholds=thresholds)
            )
        except exc.DBAPIError as error:
            if not databases.is_refused_value(error):
                raise
            is_known = getattr(error.orig, "sqlstate", None) == "23505"  # unique_violation
            refused.append(Refused(filing, str(error.orig).strip(), is_known))
        else:
            recorded += [filing] if ids else []
    return recorded, refused


def _record(
    session: orm.Session, done: Sequence[Filing], now: datetime, thresholds: Thresholds
) -> set[UUID]:
    ids = filings.lock(session, done)
    ours = [filing for filing in done if filing.id in ids]
    if not ours:
        return set()
    assets = [filing for filing in ours if "asset" in filing.record]
    sidecars = [filing for filing in ours if "link" in filing.record]
    recording.insert_assets(session, [filing.id for filing in assets])
    recording.insert_sidecars(session, [filing.id for filing in sidecars])
    if sidecars:  # an asset whose sidecar came later is not completely backed up any more
        ledger.clear(session, "backed_up", [filing.asset_id for filing in sidecars], now=now)
    rules = DateRules(default_zone=originals.default_zone(session), now=now)
    for filing in ours:
        if placed_by := filing.record.get("placed_by"):
            heeding.place(session, filing.asset_id, CompanionFacts(**placed_by), now)
    heeding.heed(session, [*_told(sidecars), *pairing.told(assets)], rules, thresholds)
    pairing.record(session, assets, now)
    recording.decide_files(session, [outcome_of(filing, b"") for filing in ours], now)
    event_log.append(
        session,
        [events.AssetIngestedV1.model_validate(_event_of(filing)) for filing in assets],
        now=now,
    )
    filings.delete(session, ids, ours[0].owner)
    faults.point("filing.recording")
    return ids


def _told(sidecars: Sequence[Filing]) -> Iterator[heeding.Told]:
    """What sidecars say of photos."""
    for filing in sidecars:
        if facts := filing.record.get("facts"):
            for asset_id in filing.record["spoken_of"]:
                yield UUID(asset_id), CompanionFacts(**facts)


def outcome_of(filing: Filing, path: bytes) -> Outcome:
    """What became of the file of a recorded filing, which came from a path of its source."""
    if "link" in filing.record:
        return Outcome(
            filing.file_id,
            path,
            "companion",
            asset_id=filing.asset_id,
            file_hash=filing.file_hash,
            reason="not read" if filing.record.get("problem") else None,
            detail=filing.record.get("problem"),
        )
    return Outcome(
        file_id=filing.file_id,
        path=path,
        outcome="filed",
        asset_id=filing.asset_id,
        file_hash=filing.file_hash,
        reason="damaged" if filing.record["asset"].get("damage") else None,
        detail=filing.record["asset"].get("damage"),
    )


def _event_of(filing: Filing) -> dict[str, object]:
    asset = filing.record["asset"]
    return {
        **filing.record["event"],
        "asset_id": filing.asset_id,
        "revision": 1,
        "file_hash": filing.file_hash,
        "relative_path": filing.relative_path,
        "size_bytes": filing.size_bytes,
        "has_location": asset.get("location") is not None,
        **{
            name: asset.get(name)
            for name in (
                "original_name",
                "media_type",
                "mime_type",
                "captured_at",
                "captured_at_source",
                "date_confidence",
            )
        },
    }
