"""`photofactory doctor`: is this installation sound, does everything fit together."""

import argparse

from suite import diagnosis
from suite.data_folder import DataFolder

HELP = "examine installation, database, broker, folders and limits"

SIGNS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare nothing: it looks at everything."""


def run(args: argparse.Namespace) -> int:
    """Print one line per finding as it is made; 1 when something is bad."""
    is_well = True
    for finding in diagnosis.examine(DataFolder(args.data)):
        is_well = is_well and finding.level != "bad"
        print(f"{SIGNS[finding.level]}  {finding.topic:<12} {finding.text}", flush=True)
        if finding.way_out:
            print(f"{'':<6}{'':<12} -> {finding.way_out}", flush=True)
    return 0 if is_well else 1
