"""Files beside a photo - XMP, AAE, Google Takeout's JSON - and which photo each belongs to."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from librarian.domain import naming


class CompanionKind(enum.Enum):
    """What a companion is; an album's JSON has no photo of its own."""

    XMP = "xmp"
    AAE = "aae"
    TAKEOUT = "takeout"
    TAKEOUT_ALBUM = "takeout_album"


_XMP_MARKS: Final = (b"xmpmeta", b"rdf:RDF", b"<?xpacket")
_AAE_MARKS: Final = (b"<plist", b"bplist00")
_TAKEOUT_MARKS: Final = (b'"photoTakenTime"',)
_ALBUM_MARKS: Final = (b'"albumData"', b'"access"', b'"sharedAlbumComments"')
_KINDS: Final = (
    (".xmp", _XMP_MARKS, CompanionKind.XMP),
    (".aae", _AAE_MARKS, CompanionKind.AAE),
    (".json", _TAKEOUT_MARKS, CompanionKind.TAKEOUT),
    (".json", _ALBUM_MARKS, CompanionKind.TAKEOUT_ALBUM),
)
_COMPANION_EXTENSIONS: Final = frozenset(extension for extension, _, _ in _KINDS)
UNRECOGNISED: Final = "unrecognised"
UNSUPPORTED: Final = "unsupported"
_OF_OTHER_PROGRAMS: Final[Mapping[str, str]] = {
    ".cos": "Capture One",
    ".dop": "DxO PhotoLab",
    ".nksc": "Nikon NX Studio",
    ".on1": "ON1",
    ".pp3": "RawTherapee",
    ".vrd": "Canon Digital Photo Professional",
    ".dr4": "Canon Digital Photo Professional",
    ".spd": "Silkypix",
}
"""Sidecars that hold how a program develops a photo and nothing of when and where it was taken."""

RAW_EXTENSIONS: Final = frozenset(
    (
        ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc",
        ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srw",
        ".x3f",
    )
)  # fmt: skip
VIDEO_EXTENSIONS: Final = frozenset(
    (".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp", ".mp4", ".mpg", ".mts", ".webm", ".wmv")
)
# What Google Photos appends, in the language of the account, to a picture edited there.
_EDITED: Final = (
    "-edited", "-bearbeitet", "-bewerkt", "-modifié", "-modificato", "-editado", "-editada",
    "-edytowane", "-redigerad", "-redigeret", "-redigert", "-muokattu", "-upraveno", "-upravené",
    "-szerkesztve", "-editat", "-düzenlendi", "-изменено", "-отредактировано", "-змінено",
    "-編集済み", "-已编辑", "-已修改", "-편집됨",
)  # fmt: skip
_SUPPLEMENT: Final = "supplemental-metadata"
_CUT_LENGTH: Final = 46  # characters Takeout leaves of a JSON's name, without ".json"
_INDEX: Final = re.compile(r"(.*?)(\(\d+\))")

ANY_EXTENSION: Final = ".*"
ANY_ENDING: Final = "*"


def is_name_of_one(name: str) -> bool:
    """Whether a companion may have this name."""
    return _extension(name) in _COMPANION_EXTENSIONS


def kind_of(name: str, head: bytes) -> CompanionKind | None:
    """The kind of companion that name and leading bytes make; None for other files."""
    extension = _extension(name)
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.decode("utf-16", "replace").encode()
    for own_extension, marks, kind in _KINDS:
        if extension == own_extension and any(mark in head for mark in marks):
            return kind
    return None


def why_not(name: str) -> tuple[str, str]:
    """Reason and detail of a file that is neither picture nor video nor a companion."""
    extension = _extension(name)
    if extension in _OF_OTHER_PROGRAMS:
        return UNSUPPORTED, f"settings of {_OF_OTHER_PROGRAMS[extension]}; XMP would be read"
    if extension in _COMPANION_EXTENSIONS:
        return UNRECOGNISED, f"no sidecar, though its name ends in {extension}"
    return UNRECOGNISED, "no picture, video or sidecar"


def candidate_owner_names(name: str) -> tuple[str, ...]:
    """Names of photos a companion may belong to, the likeliest first.

    ANY_EXTENSION at the end stands for whatever extension, ANY_ENDING for whatever characters.
    """
    stem, extension = naming.split(name)
    if extension.lower() != ".json":
        names = [stem, stem + ANY_EXTENSION]
        # Apple: IMG_O1234.AAE belongs to what IMG_1234 was before the edit IMG_E1234.
        if extension.lower() == ".aae" and stem.upper().startswith(("IMG_O", "IMG_E")):
            names.append(stem[:4] + stem[5:] + ANY_EXTENSION)
        return tuple(names)
    return tuple(dict.fromkeys(_takeout_owner_names(stem)))


def beginnings(photo_name: str) -> set[str]:
    """What the names of all companions begin with that may speak of a photo, but for their case."""
    stem = photo_name.split(".")[0]
    plain = _INDEX.fullmatch(stem)
    stems = {stem, plain[1] if plain else stem}
    for each in tuple(stems):
        stems |= {each[: -len(edited)] for edited in _EDITED if each.lower().endswith(edited)}
        if each[:4].upper() == "IMG_":  # Apple's AAE: IMG_O1234 and IMG_E1234
            stems |= {each[:4] + letter + each[4:] for letter in "OE"}
    return {each[:_CUT_LENGTH] if len(each) >= _CUT_LENGTH else each + "." for each in stems}


def expected(name: str) -> str:
    """The name of the photo that a companion waits for, as far as its own tells: IMG_1.jpg, a.*."""
    likeliest = candidate_owner_names(name)[0]
    return likeliest if naming.split(likeliest)[1] else likeliest + ANY_EXTENSION


def match(companion_name: str, names_in_folder: Iterable[str]) -> str | None:
    """The photo of the folder that a companion belongs to; None if it is not there (yet).

    Names are compared without regard to case and Unicode form.
    """
    found = owners(companion_name, names_in_folder)
    return found[0] if found else None


def owners(companion_name: str, names_in_folder: Iterable[str]) -> tuple[str, ...]:
    """All photos a companion speaks of, its own first.

    Takeout has one JSON for a picture, its edited version and the video of its Live Photo; other
    companions have one owner.
    """
    photos = [name for name in names_in_folder if _extension(name) not in _COMPANION_EXTENSIONS]
    photos.sort(key=lambda name: _rank(name, companion_name))
    keys = [naming.path_key(name) for name in photos]
    fits = map(_fit, candidate_owner_names(companion_name))
    found = dict.fromkeys(
        name for fit in fits for name, key in zip(photos, keys, strict=True) if fit(key)
    )
    has_relatives = _extension(companion_name) == ".json"
    return tuple(found) if has_relatives else tuple(found)[:1]


def _takeout_owner_names(stem: str) -> Iterator[str]:
    """Photos of IMG.JPG, IMG.JPG(1) for IMG(1).JPG, IMG.JPG.supplemental-meta(1) and so on."""
    indexed = _INDEX.fullmatch(stem)
    base, index = indexed.groups() if indexed else (stem, "")
    title = _without_supplement(base)
    photo, extension = naming.split(title)
    yield photo + index + extension
    if len(title) >= _CUT_LENGTH:
        yield title + ANY_ENDING + (index + ANY_EXTENSION if index else "")
    yield stem  # "(1)" may be part of the received name
    yield from (photo + edited + index + extension for edited in _EDITED)
    yield from (photo + index + video for video in (".MOV", ".MP4", ".MP"))
    if extension.lower() in {".jpg", ".heic"} and photo.lower().endswith(".mp"):
        yield photo + index  # PXL_1.MP.jpg has its video in PXL_1.MP


def _without_supplement(base: str) -> str:
    """The name without ".supplemental-metadata", of which a cut may have left any beginning."""
    title, dot, ending = base.rpartition(".")
    return title if dot and _SUPPLEMENT.startswith(ending.lower()) else base


def _fit(wanted: str) -> Callable[[str], object]:
    """What is true of the path keys of a wanted name; most names need no expression."""
    key = naming.path_key(wanted)
    if not wanted.endswith(ANY_EXTENSION) and ANY_ENDING not in wanted:
        return key.__eq__
    expression = re.escape(key)
    if wanted.endswith(ANY_EXTENSION):
        expression = expression.removesuffix(re.escape(ANY_EXTENSION)) + r"\.[^.]+"
    return re.compile(expression.replace(re.escape(ANY_ENDING), ".*")).fullmatch


def _extension(name: str) -> str:
    return naming.split(name)[1].lower()


def _rank(name: str, companion_name: str) -> tuple[int, str]:
    """Of several photos of one stem the RAW file has the XMP; pictures come before videos."""
    extension = _extension(name)
    if extension in VIDEO_EXTENSIONS:
        return 2, name
    is_first = extension in RAW_EXTENSIONS and _extension(companion_name) == ".xmp"
    return (0 if is_first else 1), name
