import datetime
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import naming


def test_the_folder_is_the_day_of_the_wall_clock() -> None:
    assert (
        naming.folder(datetime.datetime.fromisoformat("2022-12-31T23:30:00")) == "2022/2022-12-31"
    )
    assert naming.folder(datetime.datetime.fromisoformat("0912-01-02")) == "0912/0912-01-02"


@pytest.mark.parametrize(
    ("received", "clash", "filed"),
    [
        ("IMG_1.JPG", 0, "IMG_1.JPG"),
        ("IMG_1.JPG", 2, "IMG_1_2.JPG"),
        ("star*colon:pipe|.jpg", 0, "star*colon:pipe|.jpg"),
        ("a/b\n.jpg", 0, "a_b_.jpg"),
        (".hidden.jpg", 1, "_hidden_1.jpg"),
        ("..", 0, "_."),
        ("", 0, "_"),
        ("README", 3, "README_3"),
        ("  leading.jpg", 0, "  leading.jpg"),
    ],
)
def test_the_received_name_is_kept_where_it_can_be(received: str, clash: int, filed: str) -> None:
    assert naming.file_name(received.encode(), clash) == filed


def test_bytes_that_are_no_text_are_replaced_in_names_and_shown_in_displays() -> None:
    assert naming.file_name(b"caf\xe9.jpg") == "caf_.jpg"
    assert naming.display(b"caf\xe9.jpg") == r"caf\xe9.jpg"


@given(st.binary(max_size=400), st.integers(0, 10_000))
def test_every_name_can_be_a_file(received: bytes, clash: int) -> None:
    name = naming.file_name(received, clash)

    assert 0 < len(name.encode()) <= naming.MAX_NAME_BYTES
    assert not name.startswith(".")
    assert not set(name) & {"/", "\0", "\n"}


def test_a_long_name_is_cut_at_the_stem_on_a_character_boundary() -> None:
    assert naming.file_name(("長" * 100 + ".jpg").encode(), 1) == "長" * 83 + "_1.jpg"


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_the_path_key_knows_neither_case_nor_unicode_form(path: str) -> None:
    key = naming.path_key(path)

    assert key == naming.path_key(unicodedata.normalize("NFD", path))
    assert key == naming.path_key(unicodedata.normalize("NFC", path))


def test_names_of_other_case_clash() -> None:
    assert naming.path_key("2019/IMG_ÄÖ.JPG") == naming.path_key("2019/img_äö.jpg")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("IMG_1.sync-conflict-20190714-101500-ABCDEFG.jpg", "IMG_1.jpg"),
        ("IMG_1 {beach,2019-01-01}.jpg", "IMG_1.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg"),
    ],
)
def test_what_others_added_to_a_name_is_stripped(name: str, plain: str) -> None:
    assert naming.stripped(name) == plain
