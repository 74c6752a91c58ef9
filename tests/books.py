"""The balance of a data folder, from outside: what lies on its disk and what its ledger says.

Everything here reads. Nothing knows how the services do their work, so that a mistake of theirs
is not repeated.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from running_suite import LIMIT_S, RunningSuite
from waiting import until

STAYS = ("ignored", "quarantined")
WAITING = "waiting for its photo"
"""The reason of a sidecar without a photo: it stays undecided, however long that takes."""


def rows(suite: RunningSuite, query: str, *values: object) -> list[dict[str, Any]]:
    """What the ledger of a running suite answers; waits for a database that starts just now."""
    answers: list[list[dict[str, Any]]] = []

    def ask() -> bool:
        url = str(suite.state()["database_url"]).replace("+psycopg", "")
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(url, row_factory=dict_row) as connection,
        ):
            answers.append(connection.execute(query.encode(), values).fetchall())
        return bool(answers)

    until(ask, within_s=LIMIT_S, what="an answer of the database")
    return answers[0]


def number(suite: RunningSuite, query: str, *values: object) -> int:
    """The one number that a query answers."""
    [row] = rows(suite, query, *values)
    [value] = row.values()
    return int(value)


def files_in(folder: Path) -> dict[str, Path]:
    """Every file below `folder` by its path in there; without the factory's own."""
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".photofactory"]
        for name in names:
            if name != ".photofactory.jsonl":
                path = Path(place, name)
                found[str(path.relative_to(folder))] = path
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(content: bytes) -> str:
    """The same of bytes."""
    return hashlib.sha256(content).hexdigest()


def digests(folder: Path) -> Counter[str]:
    """How often which content lies below `folder`."""
    return Counter(digest(path) for path in files_in(folder).values())


def unfinished(suite: RunningSuite) -> list[str]:
    """What the suite still has to do, in words; nothing when all that arrived is done with."""
    open_files = number(
        suite,
        "select count(*) from files where superseded_at is null and outcome is null"
        " and reason is distinct from %s",
        WAITING,
    )
    open_jobs = number(
        suite, "select count(*) from jobs where state in ('pending', 'running', 'paused')"
    )
    found = [f"{open_files} files undecided"] if open_files else []
    found += [f"{open_jobs} jobs open"] if open_jobs else []
    return found + pending_stages(suite)


def pending_stages(suite: RunningSuite) -> list[str]:
    """Stages that are neither done nor given up with a reason, counted."""
    return [
        f"{row['count']} {row['name']} {row['state']}"
        for row in rows(
            suite,
            """
            select stage.name, coalesce(s.state, 'pending') as state, count(*)
            from media_assets a
            cross join lateral (values
                ('geocoded', a.is_geocoded or a.location is null),
                ('thumbnailed', a.is_thumbnailed),
                ('backed_up', a.is_backed_up)) stage(name, is_done)
            left join asset_stages s on s.asset_id = a.id and s.stage = stage.name
            where not stage.is_done
              and coalesce(s.state, '') not in ('quarantined', 'not_applicable')
            group by 1, 2
            """,
        )
    ]


def audit(suite: RunningSuite) -> None:
    """Fail unless disk, ledger, history and backup agree, and nothing is left half done.

    For a suite that has nothing to do (`unfinished` is empty).
    """
    assert unfinished(suite) == []
    check_originals(suite)
    check_backup(suite)
    check_events(suite)
    check_reasons(suite)
    assert leftovers(suite) == []


def check_originals(suite: RunningSuite) -> None:
    """Every original and sidecar is there once, as hashed; nothing else is."""
    known = {row["path"]: row["hash"] for row in rows(suite, FILED)}
    present = files_in(suite.data / "Storage/Originals")
    assert present.keys() == known.keys()
    assert {path: digest(file) for path, file in present.items()} == known


FILED = """
    select relative_path as path, file_hash as hash from media_assets
    union all
    select relative_path, file_hash from asset_links where file_hash is not null
"""


def check_backup(suite: RunningSuite) -> None:
    """Every copy that the ledger calls verified is the original, and every original has one."""
    copies = rows(
        suite,
        "select c.relative_path as path, a.file_hash as hash from media_assets a"
        " left join asset_copies c on c.asset_id = a.id and c.state = 'verified'"
        " where a.is_backed_up",
    )
    assert len(copies) == number(suite, "select count(*) from media_assets")
    backup = suite.data / "Backup"
    wrong = [copy["path"] for copy in copies if digest(backup / copy["path"]) != copy["hash"]]
    assert wrong == []


def check_events(suite: RunningSuite) -> None:
    """One ingested event for every photo, no other."""
    counted = rows(
        suite,
        "select a.id, count(e.event_id) from media_assets a left join event_log e"
        " on e.asset_id = a.id and e.topic = 'media.asset.ingested'"
        " group by a.id having count(e.event_id) <> 1",
    )
    assert counted == []


def check_reasons(suite: RunningSuite) -> None:
    """What is not done says why."""
    assert rows(suite, NAMELESS) == []
    assert rows(suite, "select * from filings") == []


NAMELESS = """
    select path::text, outcome, reason from (
        select display_path as path, outcome, reason from files
        where outcome in ('ignored', 'quarantined', 'failed')
        union all
        select asset_id::text, state, error from asset_stages where state = 'quarantined'
    ) given_up where reason is null or reason = ''
"""


def leftovers(suite: RunningSuite) -> list[str]:
    """Temporary and half-removed files below the data folder.

    Without those of derivatives and copies: what is killed over them leaves one, for an hour.
    """
    originals, inbox = suite.data / "Storage/Originals", suite.data / "Photos_Inbox"
    left = [*(originals / ".photofactory/tmp").iterdir(), *inbox.glob("**/.photofactory-*")]
    return sorted(map(str, left))


def outcomes(suite: RunningSuite) -> Counter[str]:
    """How many live occurrences have which outcome; "open" without one."""
    found = rows(
        suite,
        "select coalesce(outcome, 'open') as outcome, count(*) from files"
        " where superseded_at is null group by 1",
    )
    return Counter({row["outcome"]: row["count"] for row in found})


def unanswered(suite: RunningSuite, folder: Path) -> Sequence[str]:
    """Files of an inbox that the ledger does not speak of, or that should have left it.

    Hidden ones are debris and stay there, unspoken of.
    """
    stays = {
        row["display_path"]
        for row in rows(
            suite,
            "select display_path from files where superseded_at is null"
            " and (outcome = any(%s) or reason = %s)",
            list(STAYS),
            WAITING,
        )
    }
    hidden = {path for path in files_in(folder) if path.rpartition("/")[2].startswith(".")}
    return sorted(files_in(folder).keys() - stays - hidden)
