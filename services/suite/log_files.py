"""Log files that stay small, written by processes that know nothing of it.

Every process appends (O_APPEND), so its file can be copied aside and emptied under its feet; at
worst the few lines written between the two are lost.
"""

import shutil
from pathlib import Path

LIMIT_BYTES = 10 * 2**20
KEPT = 3


def rotate_all(folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
    """Move the content of every log above the limit to NAME.log.1, the older ones one further."""
    for path in folder.glob("*.log"):
        if path.stat().st_size > limit_bytes:
            _rotate(path)


def last_line(path: Path) -> str:
    """Return the last words in a log, shortened; "" if it has none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 8192))
            lines = log.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:300] if lines else ""


def _rotate(path: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    with path.open("r+b") as log:
        log.truncate(0)
