"""Photos for a running suite, and the wait until it is done with them."""

from pathlib import Path

import books
import photos
from running_suite import LIMIT_S, RunningSuite
from waiting import until

FILED = "select count(*) from media_assets"


def make(folder: Path, numbers: range) -> list[str]:
    """Put a new photo for each number into `folder`; the digests of all that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        taken = f"20{10 + number % 10}:{1 + number % 12:02}:01 12:00:{number % 60:02}"
        position = (48.1, 11.5) if number % 3 == 0 else None
        photos.jpeg(folder / f"IMG_{number:04}.jpg", seed=number, taken=taken, gps=position)
    return list(books.digests(folder))


def filed(suite: RunningSuite) -> int:
    """How many photos the ledger holds."""
    return books.number(suite, FILED)


def wait_until_filed(suite: RunningSuite, count: int) -> None:
    """Wait until the ledger holds so many photos."""
    until(lambda: filed(suite) >= count, within_s=LIMIT_S, what=f"{count} filed")


def finish(suite: RunningSuite) -> None:
    """Wait until nothing is left to do, and check all of it."""
    inbox = suite.data / "Photos_Inbox"
    until(lambda: not books.unanswered(suite, inbox), within_s=LIMIT_S, what="inbox done")
    until(lambda: not books.unfinished(suite), within_s=LIMIT_S, what="all done")
    books.audit(suite)
