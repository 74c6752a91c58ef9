"""`photofactory docs`: write the documents that are made from the code, or check them."""

import argparse
import importlib
import importlib.util
from pathlib import Path

from suite import checkout

HELP = "write the generated documents (--check: only tell whether they are current)"

GENERATED = {
    "docs/events.md": "shared.events.docs:render",
    "docs/asyncapi.json": "shared.events.asyncapi:render",
    "docs/metrics.md": "shared.metrics:render_docs",
    "docs/status.schema.json": "dashboard.status:render_schema",
    ".env.example": "suite.env_example:render",
}
"""Document -> the function without arguments that returns its text."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--check`."""
    parser.add_argument("--check", action="store_true", help="write nothing; 1 = something is old")


def run(args: argparse.Namespace) -> int:
    """Return 1 when `--check` finds a document that is not what the code says."""
    old = {name: text for name, text in rendered().items() if _present(name) != text}
    if args.check:
        for name in old:
            print(f"{name} is not current: ./photofactory docs")
        return 1 if old else 0
    for name, text in old.items():
        path = checkout.ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Written: {name}")
    return 0


def rendered() -> dict[str, str]:
    """Every generated document with its text."""
    texts = {}
    for name, function in GENERATED.items():
        module, _, attribute = function.partition(":")
        if _exists(module):
            texts[name] = str(getattr(importlib.import_module(module), attribute)())
    return texts


def _exists(module: str) -> bool:
    parent = module.rpartition(".")[0]
    return bool(importlib.util.find_spec(parent) and importlib.util.find_spec(module))


def _present(name: str) -> str | None:
    path: Path = checkout.ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else None
