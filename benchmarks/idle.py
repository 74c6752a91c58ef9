"""What the whole suite costs while nothing happens: memory, processor, start and stop.

    ./photofactory bench idle [-- --seconds 60]

Memory is PSS: pages shared between processes count once. The processor's share is that of all
processes of the suite over the time, in per cent of one core; the reference is the aim.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from measuring import cost_of, processor_s, pss_mib
from running_suite import RunningSuite

AIM_MIB = 550
AIM_PER_CENT = 2.0
AIM_START_S = 10.0
AIM_STOP_S = 10.0
SETTLED_AFTER_S = 45.0
"""The first sweeps are done, and children that were started for nothing have ended."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=SETTLED_AFTER_S)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pf-idle-") as folder,
        RunningSuite(Path(folder) / "data") as suite,
    ):
        first = cost_of(suite.start)
        suite.stop()
        again = cost_of(suite.start)
        time.sleep(options.settle)
        processes = by_name(suite)
        before = {name: processor_s(each) for name, each in processes.items()}
        time.sleep(options.seconds)
        per_cent = {
            name: (processor_s(each) - before[name]) * 100 / options.seconds
            for name, each in processes.items()
        }
        memory_mib = {name: sum(map(pss_mib, each)) for name, each in processes.items()}
        stopping = cost_of(suite.stop)
    print("| | PSS, MiB | % of a core |")
    print("|---|---|---|")
    for name in sorted(processes):
        print(f"| {name} | {memory_mib[name]:.0f} | {per_cent[name]:.2f} |")
    all_mib, all_per_cent = sum(memory_mib.values()), sum(per_cent.values())
    print(f"| all | {all_mib:.0f} | {all_per_cent:.2f} |")
    print(f"| share of the aim | {all_mib / AIM_MIB:.2f} | {all_per_cent / AIM_PER_CENT:.2f} |")
    print("\n| | seconds | share of the aim |")
    print("|---|---|---|")
    for label, seconds, aim_s in (
        ("first start, the database made", first.wall_s, AIM_START_S),
        ("start to ready", again.wall_s, AIM_START_S),
        ("stop", stopping.wall_s, AIM_STOP_S),
    ):
        print(f"| {label} | {seconds:.1f} | {seconds / aim_s:.2f} |")


def by_name(suite: RunningSuite) -> Mapping[str, list[psutil.Process]]:
    """Every process of the suite, with those that it started, by service."""
    named = {
        name: [psutil.Process(mark.pid), *psutil.Process(mark.pid).children(recursive=True)]
        for name, mark in suite.marks().items()
    }
    return {**named, "supervisor": [psutil.Process(suite.state()["supervisor"]["pid"])]}


if __name__ == "__main__":
    main()
