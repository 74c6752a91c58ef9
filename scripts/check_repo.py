"""Rules of this repository that no linter knows. Prints what breaks them; exit code 1 then."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES = 400
SERVICES = ("librarian", "geocoder", "thumbnailer", "backup", "dashboard")
COMMON_FILES = ("main.py", "settings.py")
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "factory-data", "build"}
TEXT = {
    *(".py", ".md", ".toml", ".in", ".lock", ".yml", ".yaml", ".json", ".sql", ".js", ".ts"),
    *(".css", ".html", ".sh", ".txt", ".cfg", ".conf", ".svg", ".mako", ".example", ""),
}
CATCH_ALL_ALLOWED = (
    "libs/shared/stages/consumer",  # one bad event must not end the loop
    "libs/shared/stages/stage_",  # whatever a service's work raises is the asset's failure
    "libs/shared/service.py",  # the last resort of a process
    "libs/shared/children/child_main.py",  # whatever happens in a child is an answer to its parent
    "services/librarian/loops.py",  # one inbox or job must not end the others
    "services/librarian/reader_child.py",
    "services/librarian/formats/",  # decoders of foreign bytes raise anything
    "tests/",
)

# Written so that this file does not match itself.
OPEN_ENDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:wo" r"rk|ro" r"ot|tmp/te" r"am)/")
REGISTRIES = re.compile(
    r"pypi\.o"
    r"rg|pythonhosted\.o"
    r"rg|maven\.(?:apache\.)?o"
    r"rg|registry\.npm"
    r"js|deb\.deb"
    r"ian|--(?:extra-)?index-u"
    r"rl"
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def main() -> int:
    """Check every file of the checkout; returns the exit code."""
    problems = list(all_problems(tracked_files()))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def all_problems(files: Iterable[Path]) -> Iterator[str]:
    """Every broken rule as `path:line: what`."""
    for path in files:
        if path.suffix not in TEXT or not path.is_file():
            continue
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        yield from word_problems(name, text)
        if path.suffix == ".py":
            yield from python_problems(name, text)
        if path.suffix == ".md":
            yield from link_problems(path, text)
    yield from service_problems()


def tracked_files() -> list[Path]:
    """The files git knows or would add; without git, all but what is never ours."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
        return sorted(ROOT / name for name in names if name)
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts))


def word_problems(name: str, text: str) -> Iterator[str]:
    """Open ends, paths of one machine, hosts of package registries."""
    rules = {
        OPEN_ENDS: "an open end: finish it or file it",
        MACHINE_PATHS: "a path of one machine",
        REGISTRIES: "the host of a package registry",
    }
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, problem in rules.items():
            if pattern.search(line):
                yield f"{name}:{number}: {problem}"


def python_problems(name: str, text: str) -> Iterator[str]:
    """Modules that are too long, handlers that catch everything."""
    lines = text.count("\n")
    if name.startswith(("services/", "libs/")) and lines > MODULE_LINES:
        yield f"{name}:1: {lines} lines, at most {MODULE_LINES}"
    if name.startswith(CATCH_ALL_ALLOWED):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node):
            yield f"{name}:{node.lineno}: catches every exception"


def link_problems(path: Path, text: str) -> Iterator[str]:
    """Links to files that are not there; addresses of the web are not looked up."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in LINK.finditer(line):
            target = unquote((match[1] or match[2]).partition("#")[0])
            ours = target and "://" not in target and not target.startswith("mailto:")
            if ours and not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT).as_posix()}:{number}: no such file: {target}"


def service_problems() -> Iterator[str]:
    """Services without the files every service has."""
    for service in SERVICES:
        for file in COMMON_FILES:
            if not (ROOT / "services" / service / file).exists():
                yield f"services/{service}: no {file}"
        if not (ROOT / "tests" / "unit" / service).is_dir():
            yield f"services/{service}: no tests/unit/{service}"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    broad = caught is None or any(
        isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names
    )
    last = handler.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return broad and not passes_on


if __name__ == "__main__":
    sys.exit(main())
