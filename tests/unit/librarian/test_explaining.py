"""Evidence is told in words."""

import datetime

from librarian import explaining
from librarian.domain import capture
from librarian.domain.capture import DateRules, Evidence
from librarian.redating.decisions import Decision

ARRIVED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def explained(name: str, **tags: str) -> explaining.Explanation:
    evidence = Evidence({f"EXIF:{k}": v for k, v in tags.items()}, name, ARRIVED, ARRIVED)
    return explaining.of_capture(capture.decide(evidence, DateRules("Europe/Vienna", ARRIVED)))


def test_every_candidate_has_its_verdict_in_words() -> None:
    found = explained(
        "IMG_20190714_100000.jpg",
        DateTimeOriginal="2019:07:14 10:00:00",
        CreateDate="0000:00:00 00:00:00",
    )

    told = {each["source"]: (each["won"], each["in_words"]) for each in found.candidates}
    assert told["EXIF:DateTimeOriginal"] == (True, "supplies the date")
    assert told["filename_datetime"] == (True, "says the same")
    assert told["EXIF:CreateDate"] == (False, "not believed: all zeros: the clock was never set")
    assert told["File:FileModifyDate"][0] is False
    assert found.sentences[0] == "date: 2019-07-14 10:00:00, by EXIF:DateTimeOriginal"
    assert "+02:00" in found.sentences[1]
    assert "household" in found.sentences[1]
    assert found.sentences[2] == "confidence: high: 2 sources agree, a strong one among them"


def test_conflict_and_suspicion_are_named() -> None:
    found = explained("2018-06-01.jpg", DateTimeOriginal="2019:07:14 10:00:00")

    assert any(sentence.startswith("conflict:") for sentence in found.sentences)
    assert any(sentence.startswith("suspicious:") for sentence in found.sentences)
    assert found.sentences[-1] == "a person should look at this date before it is trusted"


def test_what_a_person_said_is_told() -> None:
    decision = explained("2018-06-01.jpg").decision
    fix = {"kind": "clock-fix", "shift_s": 60.0, "zone": "Europe/Rome"}

    fixed = explaining.explain(decision, [], ["clock-fix"], fix)
    named = explaining.explain(decision, [], [], {"kind": "manual"})

    assert fixed.sentences[-1] == (
        "clock-fix: a person shifted the camera's clock by +0:01:00, a person says it was taken "
        "in the zone Europe/Rome, as the clock showed"
    )
    assert not any(sentence == "clock-fix" for sentence in fixed.sentences)
    assert "a person set this date" in named.sentences[-1]
    assert Decision.from_json(named.to_json()["decision"]) == decision


def test_a_photo_without_a_date_says_so() -> None:
    evidence = Evidence({}, "a.jpg", None, ARRIVED)
    found = explaining.of_capture(capture.decide(evidence, DateRules(None, ARRIVED)))

    assert found.sentences[0].startswith("date: unknown")
    assert found.sentences[1].startswith("confidence: none")
