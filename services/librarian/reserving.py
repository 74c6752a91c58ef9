"""The fourth step: a `filings` row reserves content and path before anything is published."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import orm

from librarian import placing
from librarian.deciding import Plan
from librarian.placing import Place, Wish
from librarian.repository import filings, originals
from librarian.repository.filings import Filing
from librarian.staging import Staged
from shared import errors


@dataclasses.dataclass(frozen=True, slots=True)
class Reserved:
    """A staged file and its filing."""

    staged: Staged
    filing: Filing
    wish: Wish

    def at(self, place: Place) -> Reserved:
        """The same at another place."""
        return dataclasses.replace(self, filing=self.filing.at(place))


@dataclasses.dataclass(frozen=True, slots=True)
class Desired:
    """Plans with what they reserve for: root, and the owner of the filings."""

    plans: Sequence[Plan]
    root_id: UUID
    owner: int


def reserve(session: orm.Session, desired: Desired) -> tuple[list[Reserved], set[str]]:
    """The reserved ones, and the hashes of those whose content the ledger knows by now.

    The rest is being filed by somebody else this very moment. Assets are looked up after our rows
    stand: whoever recorded the same content before has released its reservation only then.
    """
    reserved: list[Reserved] = []
    plans = list(desired.plans)
    known: set[str] = set()
    while plans:
        tried = [_filing(plan, place, desired) for plan, place in _places(session, plans, desired)]
        inserted = filings.insert(session, [each.filing for each in tried])
        got = [each for each in tried if each.filing.id in inserted]
        hashes = [each.filing.file_hash for each in tried]
        known |= set(originals.by_hash(session, hashes))
        stale = _taken_since(session, got, desired) | {
            each.filing.id for each in got if each.filing.file_hash in known
        }
        filings.delete(session, stale, desired.owner)
        reserved += [each for each in got if each.filing.id not in stale]
        plans = _left(session, plans, reserved, known)
    return reserved, known


def place_again(session: orm.Session, one: Reserved, on_disk: Collection[str]) -> Reserved:
    """Another place for a reserved file, none of the path keys known to be taken on the disk.

    Raises:
        DependencyError: The filing was taken over, for we were taken for dead.
    """
    filing = one.filing
    while filings.is_held(session, filing):
        place = placing.choose(
            [one.wish],
            lambda keys: filings.taken_keys(session, filing.root_id, keys) | set(on_disk),
        )[0]
        if filings.replace(session, filing.at(place)):
            return one.at(place)
    raise errors.DependencyError("filing", f"of {filing.relative_path} was taken over")


def _left(
    session: orm.Session, plans: Sequence[Plan], reserved: Sequence[Reserved], known: set[str]
) -> list[Plan]:
    """The plans that only lost their name and have to choose again."""
    done = {each.filing.file_id for each in reserved}
    open_plans = [
        plan
        for plan in plans
        if plan.staged.claimed.file_id not in done and plan.staged.file_hash not in known
    ]
    if not open_plans:
        return []
    catalog_id = open_plans[0].staged.claimed.source.catalog_id
    hashes = [plan.staged.file_hash for plan in open_plans]
    busy = filings.reserved_contents(session, catalog_id, hashes)
    files = filings.reserved_files(session, [plan.staged.claimed.file_id for plan in open_plans])
    return [
        plan
        for plan in open_plans
        if _content(plan) not in busy and plan.staged.claimed.file_id not in files
    ]


def _content(plan: Plan) -> filings.Content:
    return filings.content(plan.asset_id, plan.staged.file_hash, plan.record)


def _places(
    session: orm.Session, plans: Sequence[Plan], desired: Desired
) -> list[tuple[Plan, Place]]:
    places = placing.choose(
        [plan.wish for plan in plans],
        lambda keys: filings.taken_keys(session, desired.root_id, keys),
    )
    return list(zip(plans, places, strict=True))


def _taken_since(session: orm.Session, got: Sequence[Reserved], desired: Desired) -> set[UUID]:
    keys = [each.filing.path_key for each in got]
    own = [each.filing.id for each in got]
    taken = filings.taken_keys(session, desired.root_id, keys, but=own)
    return {each.filing.id for each in got if each.filing.path_key in taken}


def _filing(plan: Plan, place: Place, desired: Desired) -> Reserved:
    staged = plan.staged
    filing = Filing(
        id=uuid.uuid4(),
        file_id=staged.claimed.file_id,
        catalog_id=staged.claimed.source.catalog_id,
        asset_id=plan.asset_id,
        file_hash=staged.file_hash,
        size_bytes=staged.size_bytes,
        root_id=desired.root_id,
        relative_path=place.relative_path,
        path_key=place.path_key,
        temporary_name=staged.temporary.decode(),
        record=plan.record,
        owner=desired.owner,
    )
    return Reserved(staged, filing, plan.wish)
