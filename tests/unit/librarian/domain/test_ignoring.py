import pytest

from librarian.domain import ignoring

DEBRIS = {
    b".syncthing.IMG_1.jpg.tmp": "syncthing-partial",
    b"a/~SYNCTHING~IMG_1.jpg.tmp": "syncthing-partial",
    b".stfolder/syncthing-folder-ab12.txt": "syncthing-marker",
    b".stversions/IMG_1~20190714-101500.jpg": "syncthing-versions",
    b"IMG_1.jpg.partial": "partial-copy",
    b"IMG_1.jpg.CRDOWNLOAD": "partial-copy",
    b".IMG_1.jpg.Ab12Cd": "hidden",
    b"DCIM/._IMG_1.jpg": "macos",
    b"__MACOSX/IMG_1.jpg": "macos",
    b"THUMBS.DB": "windows",
    b"@eaDir/IMG_1.jpg/SYNOFILE_THUMB_M.jpg": "storage-system",
    b"#recycle/IMG_1.jpg": "storage-system",
    b"DCIM/.thumbnails/1.jpg": "android",
    b".trashed-1700000000-IMG_1.jpg": "android",
    b".photofactory/tmp/x": "photofactory",
}
PHOTOS = [
    b"IMG_1.jpg",
    b"./a//IMG_1.jpg",
    b"IMG_1.sync-conflict-20190714-101500-ABCDEFG.jpg",
    b"IMG_1.jpg.xmp",
    b"IMG_1.AAE",
    b"IMG_1.jpg.json",
    b"Holiday.part/IMG_1.jpg",
    b"caf\xe9/\xff.jpg",
    b"no extension",
]


@pytest.mark.parametrize(("path", "rule"), DEBRIS.items())
def test_debris_is_ignored_by_a_named_rule(path: bytes, rule: str) -> None:
    assert ignoring.rule_for(path) == rule


def test_a_folder_may_be_named_like_a_partial_file_and_not_like_other_debris() -> None:
    assert ignoring.rule_for(b"Holiday.part", is_folder=True) is None
    assert ignoring.rule_for(b"2024/.stversions", is_folder=True) == "syncthing-versions"


@pytest.mark.parametrize("path", PHOTOS)
def test_what_may_be_a_photo_or_its_companion_is_looked_at(path: bytes) -> None:
    assert ignoring.rule_for(path) is None
