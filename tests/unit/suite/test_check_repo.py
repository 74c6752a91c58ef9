import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_repo", ROOT / "scripts/check_repo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_repo = _load()


@pytest.mark.parametrize(
    "line",
    ["# TO" + "DO later", "open('/ro" + "ot/x')", "see https://py" + "pi.org/project/x"],
)
def test_a_line_that_breaks_a_rule_is_named(line: str) -> None:
    problems = list(check_repo.word_problems("a.py", f"fine\n{line}\n"))

    assert [problem.partition(": ")[0] for problem in problems] == ["a.py:2"]


def test_paths_inside_the_project_are_fine() -> None:
    assert not list(check_repo.word_problems("a.md", "docs/work/plan.md, /workers/, ./root/x"))


def test_a_module_of_more_than_400_lines_is_named() -> None:
    assert list(check_repo.python_problems("libs/shared/a.py", "x = 1\n" * 401)) == [
        "libs/shared/a.py:1: 401 lines, at most 400"
    ]


@pytest.mark.parametrize(
    ("handler", "broken"),
    [
        ("except Exception: pass", True),
        ("except (ValueError, BaseException): pass", True),
        ("except: pass", True),
        ("except ValueError: pass", False),
        ("except BaseException:\n    close()\n    raise", False),
    ],
)
def test_a_handler_that_swallows_everything_is_named(handler: str, broken: bool) -> None:
    problems = list(check_repo.python_problems("services/a/b.py", f"try: go()\n{handler}\n"))

    assert bool(problems) is broken


def test_a_link_to_a_missing_file_is_named() -> None:
    text = "[a](README.md#top) [b](https://example.org) [c](#here)\n[d](docs/no-such-page.md)\n"

    problems = list(check_repo.link_problems(ROOT / "README.md", text))

    assert problems == ["README.md:2: no such file: docs/no-such-page.md"]
