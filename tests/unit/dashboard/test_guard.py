import pytest
from starlette.datastructures import Headers

from dashboard import guard

OURS = "127.0.0.1:8420"


def code(method: str = "GET", *, host: str | None = OURS, **others: str) -> int | None:
    """What a request is refused with; None = it is answered."""
    headers = {name.replace("_", "-"): value for name, value in others.items()}
    if host is not None:
        headers["host"] = host
    refused = guard.refusal(method, Headers(headers), ["photos.home"])
    return refused.code if refused else None


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8420", "127.0.0.1:8420", "127.8.9.1", "[::1]:8420", "Photos.Home:443"],
)
def test_loopback_and_configured_names_are_ours(host: str) -> None:
    assert code(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.1.5:8420",
        "0.0.0.0:8420",
        "photos.home.evil.example",
        "user@evil.example",
        "[",
        "",
        None,
    ],
)
def test_every_other_name_is_refused(host: str | None) -> None:
    assert code(host=host) == 421


def test_two_names_are_refused() -> None:
    headers = Headers(raw=[(b"host", b"localhost"), (b"host", b"localhost")])

    refused = guard.refusal("GET", headers, [])

    assert refused is not None
    assert refused.code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_may_not_use_the_api(site: str) -> None:
    assert code(sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="image") == 403
    assert code(sec_fetch_site=site, sec_fetch_mode="cors", sec_fetch_dest="empty") == 403
    assert code(sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe") == 403


def test_a_link_on_another_page_may_lead_here() -> None:
    visit = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}

    assert code(**visit, sec_fetch_dest="document") is None
    assert code("POST", **visit, sec_fetch_dest="document") == 403


def test_our_own_page_and_other_programs_may_use_the_api() -> None:
    assert code(sec_fetch_site="same-origin", sec_fetch_mode="cors") is None
    assert code() is None


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (f"http://{OURS}", None),
        ("http://evil.example", 403),
        ("http://127.0.0.1:3000", 403),
        ("null", 403),
    ],
)
def test_only_our_own_page_may_change_anything(origin: str, expected: int | None) -> None:
    assert code("POST", origin=origin) == expected
