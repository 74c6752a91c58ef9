"""Which files of an inbox are debris, by name; each decision carries the name of its rule.

Names as Syncthing, rclone, rsync, browsers, operating and storage systems document them.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import re
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Patterns (fnmatch, lower-case) of one kind of debris, for any component of a path.

    With `files_only` the last component alone counts: a folder "Holiday.part" is not a download.
    """

    name: str
    patterns: tuple[str, ...]
    files_only: bool = False

    def matches(self, folders: list[str], file: list[str]) -> bool:
        """Whether one of the lower-case components, of folders or of the file, is of this kind."""
        checked = file if self.files_only else folders + file
        expression = expression_of(self.patterns)
        return any(expression.match(component) for component in checked)


@functools.cache
def expression_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns: a scan asks this of every file that it meets."""
    return re.compile("|".join(map(fnmatch.translate, patterns)))


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


ALL_PATTERNS: Final = tuple(pattern for rule in RULES for pattern in rule.patterns)


def rule_for(
    relative_path: bytes, *, is_folder: bool = False, own: tuple[str, ...] = ()
) -> str | None:
    """The name of the first rule that calls this path debris; None for one to look at.

    `own` are patterns that a person added, for any component of a path.
    """
    text = relative_path.decode("utf-8", "replace").casefold()
    components = [part for part in text.split("/") if part not in {"", "."}]
    lower = tuple(map(str.casefold, own))
    if not any(map(expression_of(ALL_PATTERNS + lower).match, components)):
        return None
    folders, file = (components, []) if is_folder else (components[:-1], components[-1:])
    rules = (*RULES, Rule("configured", lower)) if lower else RULES
    return next((rule.name for rule in rules if rule.matches(folders, file)), None)
