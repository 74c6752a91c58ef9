import uuid

from rich.console import Console

from librarian.redating.decisions import Decision
from librarian.redating.plan import Change
from librarian.redating.survey import Survey
from librarian.repository.pairs import Follower
from suite import redate_text

UNDATED = Decision(None, None, None, "none", "none", "none", False, False, False)
PICTURE, VIDEO = uuid.uuid4(), uuid.uuid4()
CHANGE = Change(
    asset_id=PICTURE,
    root_id=None,
    name="a.heic",
    relative_path="2019/2019-07-14/a.heic",
    before=UNDATED,
    after=UNDATED,
    override_before=None,
    override_after=None,
    folder="2019/2019-07-15",
)
FOLLOWER = Follower(VIDEO, PICTURE, "2019/2019-07-14/a[1].mov", "2019/2019-07-15")
FOUND = Survey({}, seen=2, changes=[CHANGE], followers=[FOLLOWER])


def test_the_partner_of_a_picture_that_moves_is_listed_with_it() -> None:
    console = Console(width=120)
    with console.capture() as shown:
        for part in redate_text.render(FOUND):
            console.print(part)

    lines = [line.strip(" │").split("│")[0].strip() for line in shown.get().splitlines()]
    assert lines.index("with 2019/2019-07-14/a[1].mov") == lines.index("-> 2019/2019-07-15/") + 1
    assert "1  videos and RAW files follow their pictures" in lines


def test_scripts_are_told_where_partners_go() -> None:
    [told] = redate_text.as_json(FOUND)["followers"]

    assert told == {
        "asset_id": str(VIDEO),
        "picture_id": str(PICTURE),
        "relative_path": "2019/2019-07-14/a[1].mov",
        "folder": "2019/2019-07-15",
    }
