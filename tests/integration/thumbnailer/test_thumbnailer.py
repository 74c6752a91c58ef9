"""Renditions of filed pictures: real children, a real ledger, real folders."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from PIL import Image

import assets
import library
import photos
from library import Library
from shared import models
from shared.children.children import Children
from shared.clock import SystemClock
from shared.database import Database
from thumbnailer import lost, rendering, repository, storing
from thumbnailer.handlers import Handler


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Library:
    made = library.make(database, tmp_path)
    made.root("derivatives")
    return made


@pytest.fixture(scope="module")
def handler() -> Iterator[Handler]:
    pool = Children(rendering.FUNCTION, processes=2)
    yield Handler(pool, 2)
    pool.close()


def renditions(folder: Library, asset_id: UUID) -> dict[str, models.AssetRendition]:
    with folder.database.read() as session:
        rows = session.scalars(
            sa.select(models.AssetRendition).where(models.AssetRendition.asset_id == asset_id)
        )
        return {row.kind: row for row in rows}


def add_jpeg(folder: Library, name: str, content: bytes, damage: str | None = None) -> UUID:
    return folder.file(
        f"2024/{name}", content, mime_type="image/jpeg", damage=damage,
        has_errors=damage is not None, error_message=damage,
    )  # fmt: skip


def test_a_filed_photo_gets_its_thumbnail_and_preview(folder: Library, handler: Handler) -> None:
    content = photos.jpeg(size=(1600, 800), orientation=8)
    asset_id = add_jpeg(folder, "a.jpg", content)

    folder.handle(handler, asset_id)

    made = renditions(folder, asset_id)
    assert {kind: (row.width, row.height) for kind, row in made.items()} == {
        "preview": (720, 1440),
        "thumbnail": (250, 500),
    }
    for row in made.values():
        path = folder.path(row.relative_path, "derivatives")
        assert path.stat().st_size == row.size_bytes
        with Image.open(path) as picture:
            assert picture.size == (row.width, row.height)
            assert picture.get_format_mimetype() == row.mime_type
    assert assets.read(folder.database, asset_id).is_thumbnailed
    assert assets.topics_told(folder.database, asset_id) == ["media.asset.thumbnailed"]
    assert folder.path("2024/a.jpg").read_bytes() == content
    assert not os.listdir(folder.path(".photofactory/tmp", "derivatives"))


def test_one_bad_file_is_quarantined_and_the_others_are_shown(
    folder: Library, handler: Handler
) -> None:
    whole = photos.jpeg(size=(640, 480))
    good = add_jpeg(folder, "good.jpg", whole)
    garbage = add_jpeg(folder, "garbage.jpg", b"\xff\xd8\xff\xe0" + b"no picture" * 100)
    cut = add_jpeg(folder, "cut.jpg", whole[: len(whole) // 2 + 100])
    known_cut = add_jpeg(folder, "known.jpg", whole[: len(whole) // 2], damage="truncated")

    folder.handle(handler, good, garbage, cut, known_cut)

    for asset_id in (good, known_cut):
        assert len(renditions(folder, asset_id)) == 2
    for asset_id in (garbage, cut):
        stage = assets.stage(folder.database, asset_id, "thumbnailed")
        assert stage is not None
        assert stage.state == "quarantined"
        assert stage.error is not None
        assert stage.error.startswith("cannot be decoded: ")


def test_what_shows_nothing_is_not_applicable(folder: Library, handler: Handler) -> None:
    raw = folder.file("a.cr2", b"II*\0no preview", mime_type="image/x-canon-cr2")
    jxl = folder.file("a.jxl", b"\xff\x0a", mime_type="image/jxl")

    folder.handle(handler, raw, jxl)

    for asset_id in (raw, jxl):
        stage = assets.stage(folder.database, asset_id, "thumbnailed")
        assert stage is not None
        assert stage.state == "not_applicable"
        assert not assets.read(folder.database, asset_id).is_thumbnailed


def test_a_missing_original_is_looked_for_again_later(folder: Library, handler: Handler) -> None:
    asset_id = add_jpeg(folder, "gone.jpg", b"x")
    folder.path("2024/gone.jpg").unlink()

    folder.handle(handler, asset_id)

    stage = assets.stage(folder.database, asset_id, "thumbnailed")
    assert stage is not None
    assert stage.state == "retrying"
    assert stage.error == "2024/gone.jpg is not there"


def test_without_the_disk_of_the_derivatives_everything_waits(
    folder: Library, handler: Handler
) -> None:
    asset_id = add_jpeg(folder, "a.jpg", photos.jpeg())
    folder.path("", "derivatives").rename(folder.path("", "elsewhere"))

    outcome = folder.handle(handler, asset_id)

    assert "derivatives" in str(outcome.waiting_for)
    assert assets.stage(folder.database, asset_id, "thumbnailed") is None
    assert not folder.path("", "derivatives").exists()


def test_a_picture_that_ends_its_decoder_twice_is_given_up(folder: Library) -> None:
    asset_id = add_jpeg(folder, "killer.jpg", photos.jpeg())
    pool = Children("child_functions:die", processes=1)

    try:
        folder.handle(Handler(pool, 1), asset_id)
    finally:
        pool.close()

    stage = assets.stage(folder.database, asset_id, "thumbnailed")
    assert stage is not None
    assert stage.state == "quarantined"
    assert stage.error is not None
    assert "its decoder failed 2 times" in stage.error


def test_left_overs_are_removed_when_they_are_old(folder: Library) -> None:
    temporary = folder.path(".photofactory/tmp", "derivatives")
    temporary.mkdir(exist_ok=True)
    now = SystemClock().now()
    for name, age_s in (("rendition-old", 7200), ("rendition-new", 10), ("other", 7200)):
        (temporary / name).touch()
        os.utime(temporary / name, (now.timestamp() - age_s,) * 2)
    with folder.database.read() as session:
        root = repository.derivatives_root(session)

    storing.tidy(root, now=now)

    assert sorted(os.listdir(temporary)) == ["other", "rendition-new"]


def test_renditions_that_got_lost_are_found_and_made_again(
    folder: Library, handler: Handler
) -> None:
    whole = add_jpeg(folder, "whole.jpg", photos.jpeg(None, seed=1))
    gone = add_jpeg(folder, "gone.jpg", photos.jpeg(None, seed=2))
    for asset_id in (whole, gone):
        folder.handle(handler, asset_id)
    folder.path(renditions(folder, gone)["preview"].relative_path, "derivatives").unlink()

    lost_ones = list(lost.find(folder.database))
    count = lost.make_again(folder.database, lost_ones, SystemClock().now())

    assert (lost_ones, count) == ([gone], 1)
    assert not assets.read(folder.database, gone).is_thumbnailed
    assert assets.read(folder.database, whole).is_thumbnailed
