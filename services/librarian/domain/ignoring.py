"""Which files of an inbox are debris, by name; each decision carries the name of its rule.

Names as Syncthing, rclone, rsync, browsers, operating and storage systems document them.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterable
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Patterns (fnmatch, lower-case) of one kind of debris, for any component of a path.

    With `files_only` the last component alone counts: a folder "Holiday.part" is not a download.
    """

    name: str
    patterns: tuple[str, ...]
    files_only: bool = False

    def matches(self, components: list[str]) -> bool:
        """Whether one of the lower-case components is of this kind."""
        checked = components[-1:] if self.files_only else components
        return any(fnmatch.fnmatchcase(c, p) for c in checked for p in self.patterns)


RULES: Final = (
    Rule("photofactory", (".photofactory*",)),
    Rule("syncthing-partial", (".syncthing.*", "~syncthing~*")),
    Rule(
        "syncthing-marker",
        (".stfolder", ".stfolder.removed-*", "syncthing-folder-*.txt", ".stignore"),
    ),
    Rule("syncthing-versions", (".stversions",)),
    Rule("partial-copy", ("*.partial", "*.crdownload", "*.part"), files_only=True),
    Rule(
        "macos",
        ("._*", ".ds_store", ".localized", ".spotlight-v100", ".trashes", "__macosx"),
    ),
    Rule("windows", ("thumbs.db", "desktop.ini", "$recycle.bin", "system volume information")),
    Rule("storage-system", ("@eadir", "[#]recycle", "[#]snapshot")),
    Rule("android", (".trashed-*", ".pending-*", ".thumbnails", ".nomedia")),
    Rule("hidden", (".*",)),  # last: rsync's ".name.XXXXXX" and whatever else hides
)


def rule_for(relative_path: bytes, rules: Iterable[Rule] = RULES) -> str | None:
    """The name of the first rule that calls this path debris; None for a file to look at."""
    text = relative_path.decode("utf-8", "replace").casefold()
    components = [part for part in re.split("/+", text) if part not in {"", "."}]
    return next((rule.name for rule in rules if rule.matches(components)), None)
