"""The answers of the dashboard, on a real ledger."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

import dashboard_ledger
from dashboard import api
from dashboard_ledger import Ledger
from shared import models, process
from shared.database import Database


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Ledger:
    return Ledger(database, tmp_path)


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = api.create(dashboard_ledger.parts(ledger.database, process.Stop()))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost"
    ) as opened:
        yield opened


async def test_the_page_and_its_parts_load_nothing_from_elsewhere(
    client: httpx.AsyncClient,
) -> None:
    for path, content_type in (
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
    ):
        answer = await client.get(path)

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(content_type)
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_the_status_is_the_present_one(client: httpx.AsyncClient, ledger: Ledger) -> None:
    assert (await client.get("/api/v1/status")).json()["assets"]["total"] == 0

    asset_id = ledger.photo(original_name="IMG_1.jpg")

    status = (await client.get("/api/v1/status")).json()
    assert status["assets"]["total"] == 1
    assert status["latest"][0] | {"id": str(asset_id), "name": "IMG_1.jpg"} == status["latest"][0]


async def test_pictures_come_from_their_root_and_only_once(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    asset_id = ledger.photo()
    expected = {kind: ledger.rendition(asset_id, kind) for kind in ("thumbnail", "preview")}

    for kind, content in expected.items():
        answer = await client.get(f"/api/v1/assets/{asset_id}/{kind}")
        again = await client.get(
            f"/api/v1/assets/{asset_id}/{kind}", headers={"If-None-Match": answer.headers["etag"]}
        )

        assert answer.content == content
        assert answer.headers["content-type"] == "image/jpeg"
        assert (again.status_code, again.content) == (304, b"")


async def test_a_picture_that_is_not_there_says_why(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    waiting, failed, lost = ledger.photo(1), ledger.photo(2), ledger.photo(3)
    ledger.stage(failed, "thumbnailed", "quarantined", "it is no picture")
    ledger.rendition(lost)
    (ledger.derivatives / f"thumbnail/{lost}.jpg").unlink()

    reasons = {}
    for asset_id in (waiting, failed, lost, uuid4()):
        answer = await client.get(f"/api/v1/assets/{asset_id}/thumbnail")
        assert answer.status_code == 404
        reasons[asset_id] = answer.json()["detail"]

    assert reasons[waiting] == "no thumbnail: it is not made yet"
    assert reasons[failed] == "no thumbnail: quarantined: it is no picture"
    assert "is not at its place" in reasons[lost]
    assert "is in the library" in list(reasons.values())[-1]


async def test_a_missing_disk_is_no_missing_picture(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    asset_id = ledger.photo()
    ledger.rendition(asset_id)
    ledger.derivatives.rename(ledger.derivatives.with_name("away"))

    answer = await client.get(f"/api/v1/assets/{asset_id}/thumbnail")

    assert answer.status_code == 503
    assert str(ledger.derivatives) in answer.json()["detail"]


async def test_a_photo_has_its_receipt_as_json_and_as_a_page(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    asset_id = ledger.photo(original_name="<b>party</b>.jpg")
    ledger.target([asset_id])

    receipt = await client.get(f"/api/v1/assets/{asset_id}/receipt")
    page = await client.get(f"/photos/{asset_id}")

    assert receipt.json()["copies"][0]["state"] == "verified"
    assert page.status_code == 200
    assert "&lt;b&gt;party&lt;/b&gt;.jpg" in page.text
    assert "<b>party" not in page.text
    assert "same disk" in page.text


async def test_a_receipt_names_the_path_in_a_moved_data_folder(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    asset_id = ledger.photo(relative_path="2020/2020-01-02/a.jpg")
    with ledger.database.transaction() as session:
        session.execute(
            sa.update(models.Root).filter_by(kind="originals").values(path="/elsewhere")
        )

    receipt = await client.get(f"/api/v1/assets/{asset_id}/receipt")

    assert receipt.json()["final_path"] == "/elsewhere/2020/2020-01-02/a.jpg"


@pytest.mark.parametrize("path", ["/photos/{}", "/api/v1/assets/{}/receipt"])
@pytest.mark.parametrize("asset_id", ["nonsense", str(uuid4())])
async def test_an_unknown_photo_is_not_found(
    client: httpx.AsyncClient, path: str, asset_id: str
) -> None:
    answer = await client.get(path.format(asset_id))

    assert answer.status_code == 404
    assert "no photo of this id" in answer.text


async def test_it_is_ready_when_every_service_is(client: httpx.AsyncClient, ledger: Ledger) -> None:
    for service in dashboard_ledger.SERVICES[:-1]:
        ledger.beat(service)
    early = await client.get("/readyz")
    ledger.beat("dashboard")
    ready = await client.get("/readyz")

    assert early.status_code == 503
    assert early.json()["missing"] == {"dashboard": ["has never reported"]}
    assert (ready.status_code, ready.json()) == (200, {"ok": True, "missing": {}})
    assert (await client.get("/livez")).status_code == 200


async def test_without_the_database_it_lives_and_says_so(tmp_path: Path) -> None:
    with Database("postgresql://nobody@127.0.0.1:1/none", application_name="test") as away:
        app = api.create(dashboard_ledger.parts(away, process.Stop()))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            answers = {
                path: await client.get(path)
                for path in ("/livez", "/readyz", "/api/v1/status", "/metrics")
            }

    assert [answer.status_code for answer in answers.values()] == [200, 503, 503, 503]
    assert "database" in answers["/readyz"].json()["missing"]
    assert "database" in answers["/api/v1/status"].json()["detail"]


async def test_metrics_are_of_now(client: httpx.AsyncClient, ledger: Ledger) -> None:
    ledger.photo()

    text = (await client.get("/metrics")).text

    assert 'library_assets{media_type="image"} 1.0' in text
    assert 'assets{stage="backed_up",state="pending"} 1.0' in text


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_other_pages_learn_nothing(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/api/v1/status", headers=headers)

    assert answer.status_code in {403, 421}
    assert answer.json().keys() == {"detail"}


async def test_no_get_changes_anything_and_nothing_else_is_offered(
    client: httpx.AsyncClient,
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in ("/", "/api/v1/status", "/photos/x"):
            assert (await client.request(method, path)).status_code == 405
