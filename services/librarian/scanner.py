"""The truth about a source: a walk over its folders by descriptor, in constant memory."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Final

from librarian.arrivals import Found, mtime_ns_of
from librarian.domain import ignoring
from shared.disk import folders

LONGEST_PATH_BYTES: Final = 2_400
"""An index of PostgreSQL takes no longer one."""
TOO_LONG: Final = f"its path is longer than {LONGEST_PATH_BYTES} bytes"


@dataclasses.dataclass(frozen=True, slots=True)
class Debris:
    """A file or folder left out by a rule; the rule is named."""

    path: bytes
    rule: str


@dataclasses.dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or file that the operating system would not show."""

    path: bytes
    error: str


Met = Found | Debris | Unreadable


def walk(
    root_fd: int, start: bytes = b"", *, is_named: bool = False, ignored: tuple[str, ...] = ()
) -> Iterator[Met]:
    """Yield everything below ``start`` of the folder open as ``root_fd``, parents first.

    Symbolic links are never followed, special files are passed over. With ``is_named`` the person
    named ``start``, so its own name is no reason to call it debris. ``ignored`` are further
    patterns of debris.
    """
    try:
        if start and not is_folder(root_fd, start):
            yield from look_at(root_fd, start, is_named=is_named)
            return
    except OSError as error:
        yield Unreadable(start, error.strerror or str(error))
        return
    waiting = [start]
    while waiting:  # no recursion: folders can be nested deeper than Python's stack
        below: list[bytes] = []
        yield from walk_folder(root_fd, waiting.pop(), below, ignored)
        waiting += sorted(below, reverse=True)


def walk_folder(
    root_fd: int, path: bytes, below: list[bytes], ignored: tuple[str, ...] = ()
) -> Iterator[Met]:
    """Yield what is in one folder; the folders in it are added to ``below``."""
    try:
        with opened(root_fd, path) as folder_fd, os.scandir(folder_fd) as entries:
            for entry in entries:
                name, is_folder = os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)
                inside = join(path, name)
                if len(inside) > LONGEST_PATH_BYTES:
                    yield Unreadable(inside, TOO_LONG)
                elif rule := ignoring.rule_for(name, is_folder=is_folder, own=ignored):
                    yield Debris(inside, rule)
                elif is_folder:
                    below.append(inside)
                elif entry.is_file(follow_symlinks=False):
                    yield from look(entry, inside)
    except OSError as error:
        yield Unreadable(path, error.strerror or str(error))


@contextlib.contextmanager
def opened(root_fd: int, path: bytes) -> Iterator[int]:
    """Give a descriptor of a folder; the root itself is the empty path."""
    folder_fd = os.open(path or b".", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root_fd)
    try:
        yield folder_fd
    finally:
        os.close(folder_fd)


def look(entry: os.DirEntry[str], path: bytes) -> Iterator[Met]:
    """Yield what one look at a file says; nothing when it vanished meanwhile."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Unreadable(path, error.strerror or str(error))
        return
    yield found(path, facts)


def look_at(root_fd: int, path: bytes, *, is_named: bool = False) -> Iterator[Met]:
    """Yield what one look at the file ``path`` says; nothing when it is gone."""
    rule = ignoring.rule_for(path)
    if rule and not is_named:
        yield Debris(path, rule)
        return
    try:
        yield found(path, os.stat(path, dir_fd=root_fd, follow_symlinks=False))
    except FileNotFoundError:
        return
    except OSError as error:
        yield Unreadable(path, error.strerror or str(error))


def look_again(source_fd: int, path: bytes, *, is_remote: bool = False) -> Found | None:
    """Return the file as it is now; None when there is no regular file any more.

    A remote one is opened, for only then is its server asked (close-to-open, nfs(5)); whether it
    can be read is said when it is filed.
    """
    if is_remote:
        with contextlib.suppress(OSError, folders.UnusablePathError):
            os.close(folders.open_file(source_fd, path))
    folder, name = os.path.split(path)
    try:
        folder_fd = folders.open_folder(source_fd, folder)
    except (FileNotFoundError, folders.UnusablePathError):
        return None
    try:
        facts = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    finally:
        os.close(folder_fd)
    return found(path, facts) if stat.S_ISREG(facts.st_mode) else None


def opened_too(source_fd: int, files: Iterable[Found]) -> Iterator[Found]:
    """Yield remote files as their server knows them; those that it cannot tell of wait."""
    for file in files:
        with contextlib.suppress(OSError):
            if again := look_again(source_fd, file.path, is_remote=True):
                yield again


def found(path: bytes, facts: os.stat_result) -> Found:
    """Return what the scan keeps of a file."""
    return Found(path, facts.st_size, mtime_ns_of(facts), facts.st_ino, facts.st_ctime_ns)


def is_folder(root_fd: int, path: bytes) -> bool:
    """Return whether ``path`` is a folder (and no link to one)."""
    return stat.S_ISDIR(os.stat(path, dir_fd=root_fd, follow_symlinks=False).st_mode)


def join(folder: bytes, name: bytes) -> bytes:
    """Return the path of ``name`` in ``folder``, both relative to the source."""
    return folder + b"/" + name if folder else name
