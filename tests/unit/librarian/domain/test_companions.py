import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import companions
from librarian.domain.companions import CompanionKind

LONG = "a very long original file name from an old pho"  # 46 characters

PAIRS = {
    "IMG_1.jpg.xmp": ["IMG_1.jpg", "IMG_1.png"],
    "IMG_1.xmp": ["IMG_1.CR2", "IMG_1.JPG", "IMG_1.MOV"],
    "img_1.XMP": ["IMG_1.JPG"],
    "IMG_1.AAE": ["IMG_1.HEIC", "IMG_1.MOV"],
    "IMG_O1.AAE": ["IMG_1.HEIC", "IMG_2.HEIC"],
    "IMG_1.JPG.json": ["IMG_1.JPG", "IMG_1(1).JPG"],
    "IMG_1.JPG(1).json": ["IMG_1(1).JPG", "IMG_1.JPG"],
    "IMG_1(1).JPG.json": ["IMG_1(1).JPG", "IMG_1.JPG"],
    "IMG_1_1.JPG.json": ["IMG_1_1.JPG", "IMG_1.JPG"],
    "IMG_1.JPG.supplemental-metadata.json": ["IMG_1.JPG"],
    "IMG_1.JPG.supplemental-metadata(1).json": ["IMG_1(1).JPG", "IMG_1.JPG"],
    "PXL_20231006_063909898.LS.mp4.supplemental-met.json": ["PXL_20231006_063909898.LS.mp4"],
    "IMG_1.JPG.s.json": ["IMG_1.JPG"],
    "IMG_1.JPG..json": ["IMG_1.JPG"],
    f"{LONG}.json": [f"{LONG}ne 2019.jpg", "a very long.jpg"],
    f"{LONG}(1).json": [f"{LONG}n(1).jpg", f"{LONG}n.jpg"],
    "IMG_1.jpg.json": ["IMG_1-edited.jpg", "IMG_1-other.jpg"],
    "IMG_2.jpg.json": ["IMG_2-bearbeitet.jpg"],
    "IMG_3.HEIC.json": ["IMG_3.MOV"],
    "Ünï é.jpg.json": ["Ünï é.jpg"],
}


@pytest.mark.parametrize(("companion", "folder"), PAIRS.items(), ids=PAIRS.keys())
def test_a_companion_finds_its_photo_first_in_the_list(companion: str, folder: list[str]) -> None:
    names = [*reversed(folder), companion, "DSC_9999.jpg"]

    assert companions.match(companion, names) == folder[0]


@pytest.mark.parametrize(("companion", "folder"), PAIRS.items(), ids=PAIRS.keys())
def test_every_companion_begins_like_one_of_its_photos_beginnings(
    companion: str, folder: list[str]
) -> None:
    beginnings = companions.beginnings(folder[0])

    assert any(companion.lower().startswith(start.lower()) for start in beginnings)


@pytest.mark.parametrize(
    ("companion", "photo"),
    [
        ("a.xmp", "a.*"),
        ("a.jpg.xmp", "a.jpg"),
        ("IMG_1.AAE", "IMG_1.*"),
        ("IMG_1.JPG(1).json", "IMG_1(1).JPG"),
        ("IMG_1.JPG.supplemental-meta.json", "IMG_1.JPG"),
    ],
)
def test_a_companion_names_the_photo_it_waits_for(companion: str, photo: str) -> None:
    assert companions.expected(companion) == photo


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("a.nef.dop", "unsupported", "DxO PhotoLab"),
        ("a.jpg.PP3", "unsupported", "RawTherapee"),
        ("package.json", "unrecognised", "ends in .json"),
        ("notes.txt", "unrecognised", "no picture"),
    ],
)
def test_what_is_no_companion_has_its_reason(name: str, reason: str, detail: str) -> None:
    found = companions.why_not(name)

    assert found[0] == reason
    assert detail in found[1]


@pytest.mark.parametrize(
    "companion",
    ["IMG_9.jpg.json", "IMG_9.jpg.xmp", "IMG_9.aae", "IMG.json", "metadata.json", ".xmp"],
)
def test_a_companion_without_its_photo_finds_none(companion: str) -> None:
    assert companions.match(companion, ["IMG_1.jpg", "IMG_90.jpg", "IMG_9.jpg.xmp"]) is None


def test_one_takeout_json_speaks_of_all_versions_of_a_picture() -> None:
    names = ["IMG_1.MOV", "IMG_1-edited.HEIC", "IMG_1.HEIC", "IMG_1(1).HEIC"]

    found = companions.owners("IMG_1.HEIC.supplemental-metadata.json", names)

    assert found == ("IMG_1.HEIC", "IMG_1-edited.HEIC", "IMG_1.MOV")


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=5))
def test_a_match_is_a_name_of_the_folder(companion: str, names: list[str]) -> None:
    assert companions.match(companion, names) in {None, *names}


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.jpg.xmp", b"<?xpacket begin=", CompanionKind.XMP),
        ("a.XMP", "\ufeff<x:xmpmeta".encode("utf-16-le"), CompanionKind.XMP),
        ("a.AAE", b"<?xml?><!DOCTYPE plist><plist", CompanionKind.AAE),
        ("a.jpg.json", b'{"title": "a", "photoTakenTime": {', CompanionKind.TAKEOUT),
        ("metadata.json", b'{"title": "", "access": "protected"', CompanionKind.TAKEOUT_ALBUM),
        ("package.json", b'{"name": "x"}', None),
        ("a.xmp", b"\xff\xd8\xff", None),
        ("a.jpg", b"<x:xmpmeta", None),
        ("a.xmp", b"", None),
    ],
)
def test_a_companion_is_known_by_name_and_content(
    name: str, head: bytes, kind: CompanionKind | None
) -> None:
    assert companions.kind_of(name, head) is kind
