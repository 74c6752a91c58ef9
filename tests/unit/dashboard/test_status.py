from dashboard import status
from suite import checkout


def test_the_documented_schema_is_the_present_one() -> None:
    written = (checkout.ROOT / "docs/status.schema.json").read_text()

    assert written == status.render_schema()
