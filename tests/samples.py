"""The folder of real sample photos, where there is one: PHOTOFACTORY_SAMPLES."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Samples:
    """Real photos and what an independent reader (ExifTool) says about each."""

    folder: Path
    truth: list[dict[str, Any]]  # one record a file; "path" is relative to the folder


def find() -> Samples | None:
    """The samples, or None where the machine has none."""
    named = os.environ.get("PHOTOFACTORY_SAMPLES")  # noqa: TID251  tests have no settings
    if not named:
        return None
    folder = Path(named)
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        return Samples(folder, [json.loads(line) for line in lines])


@pytest.fixture(scope="session")
def samples() -> Samples:
    """The samples; the test is skipped, by name, where there are none."""
    found = find()
    if found is None:
        pytest.skip("PHOTOFACTORY_SAMPLES names no folder of sample photos")
    return found
