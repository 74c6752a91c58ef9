import pytest

from librarian.domain import links
from librarian.domain.links import LinkKind, Member


@pytest.mark.parametrize(
    ("picture", "partner", "kind", "is_certain"),
    [
        (Member("a.HEIC", "image", "X"), Member("b.mov", "video", "X"), LinkKind.LIVE, True),
        (Member("IMG_1.HEIC", "image"), Member("img_1.MOV", "video"), LinkKind.LIVE, False),
        (Member("MVIMG_1.jpg", "image"), Member("MVIMG_1.mp4", "video"), LinkKind.MOTION, False),
        (Member("PXL_1.MP.jpg", "image"), Member("PXL_1.MP", "video"), LinkKind.MOTION, False),
        (Member("DSC_1.JPG", "image"), Member("DSC_1.NEF", "image"), LinkKind.RAW_JPEG, False),
    ],
)
def test_pairs_are_linked_in_either_order(
    picture: Member, partner: Member, kind: LinkKind, is_certain: bool
) -> None:
    expected = links.Link(kind, picture, partner, is_certain)

    assert links.between(picture, partner) == expected
    assert links.between(partner, picture) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Member("IMG_1.HEIC", "image", "X"), Member("IMG_1.MOV", "video", "Y")),
        (Member("IMG_1.HEIC", "image"), Member("IMG_2.MOV", "video")),
        (Member("IMG_1.JPG", "image"), Member("IMG_1.HEIC", "image")),
        (Member("IMG_1.MOV", "video"), Member("IMG_1.MP4", "video")),
        (Member("DSC_1.JPG", "image"), Member("DSC_2.NEF", "image")),
    ],
)
def test_others_are_not(one: Member, other: Member) -> None:
    assert links.between(one, other) is None
