import re
from pathlib import Path

from shared import metrics

CODE = Path(metrics.__file__).parents[2]


def test_every_metric_is_told_by_some_service() -> None:
    own = source(metrics.__file__)
    declared = re.findall(r"^([A-Z_]+) = _(?:counter|gauge|seconds)", own, re.MULTILINE)
    code = [
        source(path)
        for folder in ("services", "libs")
        for path in (CODE / folder).rglob("*.py")
        if path != Path(metrics.__file__)
    ]

    untold = [name for name in declared if not any(f"metrics.{name}" in text for text in code)]

    assert declared
    assert untold == []


def source(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8")


def test_every_metric_is_documented_with_its_unit() -> None:
    page = metrics.render_docs()

    assert "| events_consumed_total | counter | topic, outcome | events | " in page
    assert "| event_age_seconds | histogram | topic | seconds | " in page


def test_the_exposition_holds_what_was_counted() -> None:
    metrics.STAGE_RESULTS.labels("thumbnailed", "for this test").inc(2)

    line = 'stage_results_total{outcome="for this test",stage="thumbnailed"} 2.0'
    assert line in metrics.exposition().decode()
