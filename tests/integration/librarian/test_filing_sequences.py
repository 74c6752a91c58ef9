"""Random sequences of arrivals, failures and losses against a model: a set of contents."""

import shutil
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import factories
import photos
from factories import Factory
from shared import errors, faults
from shared.database import Database

PHOTOS = [photos.jpeg(seed=seed, taken=f"2023:07:0{1 + seed % 2} 12:00:00") for seed in range(4)]
FAULTS = [
    "stage.staged",
    "filing.reserved",
    "filing.fsync",
    "publish.named",
    "publish.synced",
    "filing.published",
    "filing.record_line",
    "filing.recorded",
    "filing.decided",
    "remove.checked",
    "remove.aside",
]

TABLES = "files, filings, media_assets, sources, catalogs, roots, event_log"

drop = st.tuples(
    st.just("drop"), st.sampled_from(range(4)), st.sampled_from(["a.jpg", "A.jpg", "x/a.jpg"])
)
fail = st.tuples(st.just("fail"), st.sampled_from(FAULTS), st.integers(1, 3))
lose = st.tuples(st.just("lose"), st.just(0), st.just(0))
file = st.tuples(st.just("file"), st.just(0), st.just(0))
ACTIONS = st.lists(st.one_of(drop, drop, file, fail, lose), min_size=3, max_size=12)


class Model:
    """A factory, and the contents that have ever arrived completely."""

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.arrived: set[bytes] = set()
        self.lost: set[bytes] = set()

    def act(self, action: str, what: object, how: object) -> None:
        """Do one action; filing after every kind of interruption is the next one's business."""
        match action:
            case "drop":
                self.drop(PHOTOS[int(str(what))], str(how))
            case "fail":
                self.fail(f"{what}:eio:{how}")
            case "lose":
                self.lose()
            case _:
                self.factory.file()

    def drop(self, content: bytes, name: str) -> None:
        """A photo arrives; one under a name that is in use comes later."""
        if not (self.factory.inbox / name).exists():
            self.factory.drop(name, content)
            self.arrived.add(content)
            self.lost.discard(content)

    def fail(self, fault: str) -> None:
        """File while something fails on the way."""
        faults.arm(fault)
        try:
            self.factory.file()
        except (OSError, errors.DependencyError):
            pass  # what is left is for the next one
        finally:
            faults.arm("")

    def lose(self) -> None:
        """Somebody deletes an original; only another arrival of it can bring it back."""
        names = self.factory.names()
        if names:
            path = self.factory.originals / names[0]
            self.lost.add(path.read_bytes())
            path.unlink()

    def settle(self) -> None:
        """Nothing fails any more: kept sources are tried once more, as a person would."""
        for _ in range(3):
            with self.factory.database.transaction() as session:
                session.execute(sa.text("update files set reason = null where reason = 'kept'"))
            self.factory.time_passes()
            self.factory.file()

    def check(self) -> None:
        """Every content that arrived stands in one original that is recorded and right."""
        factory = self.factory
        rows = factory.rows("select file_hash, relative_path from media_assets")
        assert len(rows) == len(self.arrived)
        found = [(factory.originals / name).read_bytes() for name in factory.names()]
        assert len(found) == len(set(found))
        assert self.arrived - self.lost <= set(found)
        assert set(found) <= self.arrived
        assert {row.relative_path for row in rows} >= set(factory.names())
        assert factory.events("media.asset.ingested") == len(self.arrived)
        assert factory.rows("select id from filings") == []
        assert list((factory.originals / ".photofactory/tmp").iterdir()) == []
        assert not [path for path in factory.inbox.rglob("*") if path.is_file()]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_happens_every_photo_is_kept_once(
    database: Database, tmp_path: Path, actions: list[tuple[str, object, object]]
) -> None:
    with database.transaction() as session:
        session.execute(
            sa.text(
                "truncate files, filings, media_assets, sources, catalogs, roots, event_log cascade"
            )
        )
    folder = tmp_path / "example"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = Model(factories.make(database, folder))

    for action in actions:
        model.act(*action)
    model.settle()

    model.check()
