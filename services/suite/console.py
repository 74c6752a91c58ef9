"""What ``up`` says to the person who started it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from suite import log_files
from suite.data_folder import DataFolder
from suite.service_process import Ended

if TYPE_CHECKING:  # the supervisor does without what it is made of
    from suite.folder_setup import Outcome

MODES = {
    "move": "move: a photo leaves it once it is filed",
    "copy": "copy: photos stay there, copies are filed",
}


def announce(folder: DataFolder, outcome: "Outcome", zone: str) -> None:
    """Say where everything is."""
    backup = "same disk as the originals: does not survive its loss"
    rows = [("inbox", str(inbox.path), MODES[inbox.mode]) for inbox in outcome.inboxes]
    rows += [
        ("originals", str(folder.originals), ""),
        ("backup", str(folder.backup), backup if outcome.is_backup_on_same_disk else ""),
        ("time zone", zone, "of photos that do not tell theirs; --zone changes it"),
    ]
    for name, value, remark in rows:
        say(f"  {name:<10} {value}{f'  ({remark})' if remark else ''}")
    for warning in outcome.warnings:
        say(f"  note       {warning}")


def service_ended(ended: Ended, log_path: Path) -> None:
    """Say that a service is started again, and name a crash loop with its reason."""
    decision = ended.decision
    if not decision.is_crash_loop:
        say(f"{ended.service} {ended.how}; starting it again in {decision.delay_s:g} s")
        return
    say(
        f"{ended.service} keeps ending ({decision.failures} times in a row; it {ended.how}); "
        f"next try in {decision.delay_s:g} s. Log: {log_path}"
    )
    reason = log_files.last_line(log_path)
    if reason:
        say(f"  {reason}")


def say(text: str) -> None:
    """Print a line at once; nobody listening is no reason to stop."""
    try:
        print(text, flush=True)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
