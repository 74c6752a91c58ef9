from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import naming
from librarian.placing import Wish, choose

FOLDER = "2024/2024-05-01"


def wish(name: str) -> Wish:
    return Wish(FOLDER, name.encode())


def names(wishes: list[Wish], taken: Collection[str] = ()) -> list[str]:
    keys = {naming.path_key(f"{FOLDER}/{name}") for name in taken}
    return [place.name for place in choose(wishes, lambda asked: keys & set(asked))]


def test_a_free_name_is_kept() -> None:
    assert names([wish("IMG.JPG")]) == ["IMG.JPG"]


def test_a_taken_name_gets_the_first_free_number() -> None:
    taken = ["img.jpg", "IMG_1.jpg", *(f"IMG_{n}.JPG" for n in range(2, 30))]

    assert names([wish("IMG.JPG")], taken) == ["IMG_30.JPG"]


def test_equal_names_of_one_batch_get_different_numbers() -> None:
    assert names([wish("a.jpg"), wish("A.jpg"), wish("a.jpg")]) == ["a.jpg", "A_1.jpg", "a_2.jpg"]


def test_a_number_does_not_take_the_name_of_another_file() -> None:
    assert names([wish("a.jpg"), wish("a.jpg"), wish("a_1.jpg")]) == [
        "a.jpg",
        "a_2.jpg",
        "a_1.jpg",
    ]


@given(st.lists(st.sampled_from(["a.jpg", "A.jpg", "a_1.jpg", "b"]), max_size=12))
def test_no_two_places_are_alike(received: list[str]) -> None:
    places = choose([wish(name) for name in received], lambda _: set())

    assert len({place.path_key for place in places}) == len(received)
