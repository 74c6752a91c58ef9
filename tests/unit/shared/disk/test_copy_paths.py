"""Paths of copies."""

from uuid import UUID

import pytest

from shared.disk import copy_paths

ASSET_ID = UUID("0192f0c4-9d3e-4b61-8a53-2f1f6f0f9a11")


@pytest.mark.parametrize(
    ("path", "second"),
    [
        ("2024/2024-05-17/a.b.jpg", f"2024/2024-05-17/a.b-{ASSET_ID}.jpg"),
        ("2024/none", f"2024/none-{ASSET_ID}"),
        ("top.jpg", f"top-{ASSET_ID}.jpg"),
        (".hidden", f".hidden-{ASSET_ID}"),
    ],
)
def test_a_copy_has_the_original_s_path_or_one_with_its_id(path: str, second: str) -> None:
    assert list(copy_paths.candidates(path, ASSET_ID)) == [path, second]


def test_a_long_name_is_cut_at_a_character() -> None:
    _, second = copy_paths.candidates("f/" + "ä" * 125 + ".jpeg", ASSET_ID)

    name = second.removeprefix("f/")
    assert len(name.encode()) <= 255
    assert name.endswith(f"ä-{ASSET_ID}.jpeg")
