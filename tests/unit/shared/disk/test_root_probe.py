"""Probing a file system by trying."""

import json
import os
from pathlib import Path

from shared.disk import root_probe


def test_a_probe_finds_what_this_disk_can_do_and_leaves_nothing(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)

    found = root_probe.probe(fd)

    os.close(fd)
    assert found.can_publish
    assert found.exclusive_create
    assert found.stable_inodes
    assert found.mtime_step_ns >= 1
    assert json.loads(json.dumps(found.to_json()))["hard_link"] == found.hard_link
    assert list(tmp_path.iterdir()) == []


def test_a_disk_with_no_safe_way_cannot_publish() -> None:
    found = root_probe.Capabilities(
        hard_link=False,
        no_replace_rename=False,
        exclusive_create=False,
        case_folding=True,
        mtime_step_ns=2_000_000_000,
        stable_inodes=False,
        free_bytes=None,
    )

    assert not found.can_publish
