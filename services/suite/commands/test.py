"""`photofactory test`: linters, repository rules and every test."""

import argparse
import os

from suite import checkout, test_run

HELP = "check and test everything, or the named parts"

PARTS = ("lint", "unit", "contract", "integration", "system")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the parts and `-k`."""
    parser.add_argument("parts", nargs="*", type=_part, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("-k", dest="keyword", help="only the tests whose name matches (no lint)")


def run(args: argparse.Namespace) -> int:
    """Return 1 when anything failed; the last line says how many."""
    parts = args.parts or [part for part in PARTS if part != "lint" or not args.keyword]
    minimum = _told("COVERAGE_MIN")
    selection = test_run.Selection(
        folders=tuple(f"tests/{part}" for part in PARTS if part in parts and _folder(part)),
        keyword=args.keyword,
        with_coverage=minimum is not None,
        reruns=2 if _told("CI") else 0,
    )
    failed_checks = test_run.check() if "lint" in parts else []
    totals = test_run.Totals()
    if selection.folders:
        totals, too_little = _tests(selection, minimum)
        failed_checks += too_little
        if args.keyword and not totals.ran():
            failed_checks.append(f"no test matches -k {args.keyword}")
    totals = totals.with_failed(failed_checks)
    _print(totals)
    return 1 if totals.failed else 0


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f'no part "{text}" ({", ".join(PARTS)})')
    return text


def _tests(selection: test_run.Selection, minimum: str | None) -> tuple[test_run.Totals, list[str]]:
    if minimum is None:
        return test_run.run_pytest(selection), []
    test_run.forget_coverage()
    totals = test_run.run_pytest(selection)
    reached = test_run.coverage_report(minimum)
    return totals, [] if reached else [f"coverage below {minimum} %"]


def _print(totals: test_run.Totals) -> None:
    print()
    for name in sorted(totals.flaky):
        print(f"flaky: {name}  <- passed, but not at the first try: repair it")
    for name in sorted(totals.failed):
        print(f"failed: {name}")
    print(totals.line(), flush=True)


def _folder(part: str) -> bool:
    return (checkout.ROOT / "tests" / part).is_dir()


def _told(name: str) -> str | None:
    return os.environ.get(name) or None  # noqa: TID251  told by whoever runs the tests
