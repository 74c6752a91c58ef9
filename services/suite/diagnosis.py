"""What ``doctor`` looks at: every finding says what is, how it is, and what to do about it."""

import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from packaging.requirements import Requirement

from shared.database import Database
from shared.disk import disk_space, folders, root_markers, root_probe, roots
from shared.errors import PhotoFactoryError, UserError
from shared.models import BackupTarget, Source
from shared.transport import epoch
from suite import access, checkout, data_folder, network, postgres_server, suite_state
from suite.data_folder import DataFolder
from suite.settings import SuiteSettings

Level = Literal["ok", "note", "bad"]
ENOUGH_WATCHES = 65_536
ENOUGH_OPEN_FILES = 1024
INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis; ``way_out`` only where something is to be done."""

    topic: str
    level: Level
    text: str
    way_out: str = ""


def examine(folder: DataFolder) -> Iterator[Finding]:
    """Yield every finding; works whether the suite runs or not, and changes nothing."""
    yield from installation()
    yield from data(folder)
    try:
        yield from database(folder)
        yield from broker(folder)
        yield from own_folders(folder)
    except UserError as error:
        yield Finding("data folder", "bad", str(error), error.way_out)
    yield from limits()


def installation() -> Iterator[Finding]:
    """Yield versions, and packages that are not the locked ones."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Finding("python", "ok", f"{platform.python_version()} ({sys.executable}), {system}")
    wrong = list(_differing_packages(checkout.ROOT / "requirements.lock"))
    if wrong:
        text = f"{len(wrong)} differ from requirements.lock: {', '.join(wrong[:5])}"
        yield Finding("packages", "bad", text, "remove .venv and start ./photofactory again")
    else:
        yield Finding("packages", "ok", "as in requirements.lock")
    try:
        version = subprocess.run(
            [postgres_server.program("postgres"), "--version"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        yield Finding("postgresql", "ok", f"{version} (embedded)")
    except (UserError, OSError, subprocess.CalledProcessError) as error:
        way_out = "remove .venv and start ./photofactory again"
        yield Finding("postgresql", "bad", f"does not start: {error}", way_out)


def data(folder: DataFolder) -> Iterator[Finding]:
    """Yield whether the data folder is used, by whom, and how much space it has."""
    if not folder.exists:
        text = f"{folder.path} was not used yet"
        yield Finding("data folder", "note", text, "./photofactory up makes it")
        return
    holder = data_folder.holder(folder)
    yield Finding(
        "data folder", "ok", f"{folder.path}, {f'in use by {holder}' if holder else 'not running'}"
    )
    free = disk_space.free_bytes(str(folder.path))
    floors = disk_space.Floors()
    if free is None:
        return
    text = f"{free / 2**30:.1f} GB free"
    if free < floors.filing_bytes:
        yield Finding("disk", "bad", f"{text}: no photo is filed", "free some space")
    elif free < floors.thumbnails_bytes:
        yield Finding("disk", "bad", f"{text}: no thumbnail is made", "free some space")
    else:
        yield Finding("disk", "ok", text)


def database(folder: DataFolder) -> Iterator[Finding]:
    """Yield how the database is, if it runs."""
    url = access.running_url(folder)
    if url is None:
        version = folder.database / "pgdata/PG_VERSION"
        is_made = version.parent.exists()
        yield Finding("database", "note", "not running" if is_made else "not made yet")
        return
    try:
        with (
            Database(url, application_name="photofactory doctor") as opened,
            opened.read() as session,
        ):
            row = session.execute(
                sa.text(
                    "select current_setting('server_version') as version,"
                    " pg_size_pretty(pg_database_size(current_database())) as size,"
                    " (select count(*) from pg_stat_activity where backend_type = 'client backend')"
                    " as clients, (select version_num from alembic_version) as schema"
                )
            ).one()
            has_moved = epoch.has_moved(session)
    except (PhotoFactoryError, sa.exc.SQLAlchemyError) as error:
        yield Finding("database", "bad", f"does not answer: {error}", f"see {folder.logs}")
        return
    text = f"{row.version}, schema {row.schema}, {row.size}, {row.clients} connections"
    yield Finding("database", "ok", text)
    if has_moved:
        yield Finding("database", "bad", "was restored or moved", "stop and start the suite")


def broker(folder: DataFolder) -> Iterator[Finding]:
    """Yield whether the Kafka broker answers, if one is used."""
    state = suite_state.read(folder)
    address = state.kafka if state else SuiteSettings().kafka_bootstrap_servers
    if not address:
        yield Finding("broker", "ok", "none: events travel through the database")
    elif any(network.answers(one.strip()) for one in address.split(",")):
        yield Finding("broker", "ok", f"{address} answers")
    else:
        way_out = "start it; nothing is lost meanwhile"
        yield Finding("broker", "bad", f"{address} does not answer", way_out)


def own_folders(folder: DataFolder) -> Iterator[Finding]:
    """Yield every root in use: of the ledger while it runs, else those of the data folder."""
    url = access.running_url(folder)
    if url is None:
        standard = (folder.inbox, folder.originals, folder.derivatives, folder.backup)
        for path in standard if folder.exists else ():
            yield _root(path.name, path, is_ours=True)
        return
    try:
        with (
            Database(url, application_name="photofactory doctor") as opened,
            opened.read() as session,
        ):
            used = set(session.scalars(sa.select(Source.root_id).where(Source.auto_import)))
            used |= set(session.scalars(sa.select(BackupTarget.root_id).filter_by(is_active=True)))
            known = [(root.kind, root.path, root.is_marked, root.state, root.state_reason)
                for root in roots.find(session)
                if root.kind not in {"inbox", "backup"} or root.id in used]  # fmt: skip
    except (PhotoFactoryError, sa.exc.SQLAlchemyError):
        return  # said already
    for kind, root, is_marked, state, reason in known:
        if state == roots.ONLINE:
            yield _root(kind, Path(root), is_ours=is_marked)
        else:
            way_out = (
                "mount its disk" if state == roots.OFFLINE else "look, then ./photofactory thaw"
            )
            yield Finding(kind, "bad", f"{root} is {state}: {reason}", way_out)


def limits() -> Iterator[Finding]:
    """Yield the limits of the system that large libraries meet."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    level: Level = "ok" if files >= ENOUGH_OPEN_FILES or files < 0 else "bad"
    way_out = "" if level == "ok" else f"ulimit -n {ENOUGH_OPEN_FILES}"
    yield Finding("open files", level, f"{files} at once", way_out)
    try:
        watches = int((INOTIFY / "max_user_watches").read_text())
        instances = int((INOTIFY / "max_user_instances").read_text())
    except (OSError, ValueError):
        yield Finding("watching", "ok", f"by {'FSEvents' if sys.platform == 'darwin' else 'scans'}")
        return
    text = f"inotify: {watches} folders, {instances} watchers"
    if watches >= ENOUGH_WATCHES:
        yield Finding("watching", "ok", text)
    else:
        way_out = f"sysctl fs.inotify.max_user_watches={ENOUGH_WATCHES} (else scans find new files)"
        yield Finding("watching", "note", text, way_out)


def _root(name: str, path: Path, *, is_ours: bool) -> Finding:
    try:
        descriptor = folders.open_root(str(path))
    except OSError as error:
        return Finding(name, "bad", f"{path}: {error.strerror}", "is its disk mounted?")
    try:
        if not is_ours:
            return Finding(name, "ok", f"{path} (read where it is)")
        if root_markers.read_marker(descriptor) is None:
            return Finding(name, "bad", f"{path} has no marker", "is its disk mounted?")
        temporary = folders.open_folder(descriptor, root_markers.TEMPORARY_FOLDER)
        try:
            return Finding(name, "ok", f"{path} ({_in_words(root_probe.probe(temporary))})")
        finally:
            os.close(temporary)
    except (OSError, PhotoFactoryError) as error:
        return Finding(name, "bad", f"{path}: {error}", "may it be written?")
    finally:
        os.close(descriptor)


def _in_words(found: root_probe.Capabilities) -> str:
    abilities = {
        "hard links": found.hard_link,
        "rename without replacing": found.no_replace_rename,
        "stable inodes": found.stable_inodes,
        "case folding": found.case_folding,
    }
    return ", ".join(name if has else f"no {name}" for name, has in abilities.items())


def _differing_packages(lock: Path) -> Iterator[str]:
    """Yield "name found (not wanted)" of the packages that the lock wants on this system."""
    for line in lock.read_text().splitlines():
        if not line[:1].isalnum():
            continue
        wanted = Requirement(line.rstrip("\\ "))
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{wanted.name} is missing"
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name} {found} (not {wanted.specifier})"
