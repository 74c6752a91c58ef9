import photos
from librarian.formats import boxes
from reading import Part


def test_boxes_of_all_three_sizes_are_walked() -> None:
    large = b"\0\0\0\1" + b"wide" + (24).to_bytes(8, "big") + b"12345678"
    to_the_end = b"\0\0\0\0" + b"mdat" + b"rest"
    content = photos.boxes(("ftyp", b"qt  ")) + large + to_the_end

    with Part(content) as part:
        found = [(box.name, box.content(99), box.is_cut) for box in boxes.inside(part)]

    assert found == [
        (b"ftyp", b"qt  ", False),
        (b"wide", b"12345678", False),
        (b"mdat", b"rest", False),
    ]


def test_a_cut_box_says_so_and_an_impossible_size_ends_the_walk() -> None:
    with Part(photos.boxes(("moov", bytes(50)))[:20]) as part:
        assert [box.is_cut for box in boxes.inside(part)] == [True]
    with Part(b"\0\0\0\3moov" * 3) as part:
        assert list(boxes.inside(part)) == []


def test_a_path_enters_meta_boxes_of_both_forms() -> None:
    inner = photos.boxes(("hdlr", b""), ("iprp", b"x"))
    full = photos.boxes(("meta", bytes(4) + inner))
    plain = photos.boxes(("meta", inner))

    for content in (full, plain):
        with Part(content) as part:
            assert [box.content(9) for box in boxes.at(part, b"meta", b"iprp")] == [b"x"]
