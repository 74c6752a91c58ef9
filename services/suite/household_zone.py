"""The household's time zone: where photos without any other hint were taken."""

import contextlib
import zoneinfo
from pathlib import Path

from shared.errors import UserError

LOCALTIME = Path("/etc/localtime")
TIMEZONE = Path("/etc/timezone")


def of_machine(tz: str | None) -> str:
    """Return the IANA name of the machine's zone; ``tz`` is the variable TZ. UTC if it has none."""
    candidates = [tz.removeprefix(":")] if tz else []
    resolved = str(LOCALTIME.resolve())
    if "zoneinfo/" in resolved:
        candidates.append(resolved.rpartition("zoneinfo/")[2])
    with contextlib.suppress(OSError):
        candidates.append(TIMEZONE.read_text().strip())
    return next((name for name in candidates if _is_known(name)), "UTC")


def checked(name: str) -> str:
    """Return ``name`` if it is a zone; raise UserError otherwise."""
    if not _is_known(name):
        raise UserError(f"there is no time zone {name!r}", "name one like Europe/Berlin")
    return name


def _is_known(name: str) -> bool:
    return name in zoneinfo.available_timezones()
