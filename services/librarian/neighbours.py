"""The names beside a photo in its source folder: which companions speak of it.

A listing serves for a while: a bulk drop files one folder in hundreds of batches.
"""

from __future__ import annotations

import bisect
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from librarian.domain import companions, ignoring, naming
from librarian.domain.facts import CompanionFacts
from librarian.formats import sidecars
from shared import errors
from shared.disk import folders

EXTENSIONS: Final = (".xmp", ".aae", ".json")
VALID_S: Final = 10.0
_END_OF_STEM: Final = re.compile(r"[.(]")


class Folder:
    """The names of one folder of a source, as text (undecodable bytes as surrogates)."""

    def __init__(self, names: Iterable[str]) -> None:
        shown = [name for name in names if not ignoring.rule_for(os.fsencode(name))]
        found = [name for name in shown if name.lower().endswith(EXTENSIONS)]
        self._companions: dict[str, list[str]] = {}
        for name in found:
            self._companions.setdefault(beginning(name), []).append(name)
        # Without companions nobody asks who stands beside whom.
        self._keys = sorted((naming.path_key(name), name) for name in shown if found)

    def like(self, start: str) -> list[str]:
        """The names that begin like this one, without regard to case."""
        low = bisect.bisect_left(self._keys, (start, ""))
        high = bisect.bisect_left(self._keys, (start + "\U0010ffff", ""))
        return [name for _, name in self._keys[low:high]]

    def companions_of(self, photo: str) -> list[str]:
        """The companions that speak of a photo."""
        if not self._companions:
            return []
        key = naming.path_key(photo)
        near = [
            name
            for length in range(1, len(key) + 1)
            for name in self._companions.get(key[:length], ())
        ]
        return [
            name
            for name in near
            if photo in companions.owners(name, [*self.like(beginning(name)), photo])
        ]


class Neighbours:
    """The folders of one source, listed when first asked for."""

    def __init__(self) -> None:
        self._listed: dict[tuple[object, bytes], tuple[float, Folder]] = {}

    def folder(self, source: object, source_fd: int, path: bytes, now_s: float) -> Folder:
        """The names in a folder of a source; empty if it cannot be read."""
        listed_at, listed = self._listed.get((source, path), (now_s - VALID_S, None))
        if listed is not None and now_s - listed_at < VALID_S:
            return listed
        try:
            descriptor = folders.open_folder(source_fd, path)
        except (OSError, errors.PermanentError):
            return Folder([])
        try:
            found = Folder(os.listdir(descriptor))
        finally:
            os.close(descriptor)
        if len(self._listed) >= 16:
            self._listed.clear()
        self._listed[source, path] = now_s, found
        return found


def beginning(companion: str) -> str:
    """What the key of every photo begins with that a companion may belong to."""
    key = naming.path_key(companion)
    if key.endswith(".aae") and key.startswith(("img_o", "img_e")):
        return key[:4]
    return _END_OF_STEM.split(key)[0] or key[:1]


def spellings(text: str) -> set[str]:
    """A beginning of a name in the usual cases and Unicode forms, for what is sorted by bytes."""
    forms = {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}
    return {spelt for form in forms for spelt in (form, form.lower(), form.upper())}


def facts_of(folder_fd: int, path: bytes) -> CompanionFacts | None:
    """What a companion below a folder says; None if it is gone, damaged or says nothing."""
    try:
        descriptor = folders.open_file(folder_fd, path)
    except (OSError, errors.PermanentError):
        return None
    try:
        return read(os.fsdecode(path.rpartition(b"/")[2]), descriptor)
    except (OSError, sidecars.UnreadableCompanionError):
        return None
    finally:
        os.close(descriptor)


def read(name: str, descriptor: int) -> CompanionFacts | None:
    """What the open companion says; None if that is nothing of dates and places.

    Raises:
        UnreadableCompanionError: It is damaged or too large.
    """
    kind = sidecars.kind_of(name, descriptor)
    if kind is None:
        return None
    facts = sidecars.read(kind, os.pread(descriptor, sidecars.MAX_BYTES + 1, 0))
    return facts if facts.tags or facts.latitude_deg is not None else None
