"""Choosing the path of an original: its dated folder and a name that nobody has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

from librarian.domain import naming


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """Where a file would like to be: a folder below Originals and its name as received."""

    folder: str
    received_name: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A path below Originals, and the key under which it must be the only one."""

    folder: str
    name: str
    path_key: str

    @property
    def relative_path(self) -> str:
        """Folder and name."""
        return f"{self.folder}/{self.name}"


def choose(
    wishes: Sequence[Wish], taken_of: Callable[[Collection[str]], Collection[str]]
) -> list[Place]:
    """A free place for each wish, no two alike: the received name, else with `_1`, `_2` ...

    `taken_of` says which of some path keys are taken. It is asked for one number of everybody
    first, then for longer and longer ranges of those that still have none.
    """
    places: dict[int, Place] = {}
    given: set[str] = set()
    first, count = 0, 1
    while len(places) < len(wishes):
        offers = {
            index: [place(wish, number) for number in range(first, first + count)]
            for index, wish in enumerate(wishes)
            if index not in places
        }
        taken = set(taken_of({offer.path_key for offered in offers.values() for offer in offered}))
        for index, offered in offers.items():
            for offer in offered:
                if offer.path_key not in taken | given:
                    places[index] = offer
                    given.add(offer.path_key)
                    break
        first, count = first + count, count * 4
    return [places[index] for index in range(len(wishes))]


def place(wish: Wish, clash: int = 0) -> Place:
    """The place of a wish under its clash number (0 = none)."""
    name = naming.file_name(wish.received_name, clash)
    return Place(wish.folder, name, naming.path_key(f"{wish.folder}/{name}"))
