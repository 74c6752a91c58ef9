from shared import metrics


def test_every_metric_is_documented_with_its_unit() -> None:
    page = metrics.render_docs()

    assert "| events_consumed_total | counter | topic, outcome | events | " in page
    assert "| event_age_seconds | histogram | topic | seconds | " in page


def test_the_exposition_holds_what_was_counted() -> None:
    metrics.STAGE_RESULTS.labels("thumbnailed", "for this test").inc(2)

    line = 'stage_results_total{outcome="for this test",stage="thumbnailed"} 2.0'
    assert line in metrics.exposition().decode()
