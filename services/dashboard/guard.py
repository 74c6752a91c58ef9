"""What protects a page without a login on loopback from hostile pages in the same browser.

A request has to name a host that is ours (a name of others that resolves to us would make their
page one of ours: DNS rebinding); nothing but our own pages may use the API or change anything; and
our pages load nothing from elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = {"GET", "HEAD"}
ANSWER_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    code: int
    reason: str


def refusal(method: str, headers: Headers, allowed_hosts: Iterable[str]) -> Refusal | None:
    """Return why this request may not be answered; None = it may.

    Browsers tell where a request comes from by Sec-Fetch-Site (W3C Fetch Metadata) and Origin;
    other programs send neither and are no danger.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_ours(name_of(hosts[0]), allowed_hosts):
        return Refusal(
            421,
            "this name is not one of the dashboard's: use localhost, or add it to"
            " PHOTOFACTORY_ALLOWED_HOSTS",
        )
    is_foreign = headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
    is_visit = headers.get("sec-fetch-mode") == "navigate" and (
        headers.get("sec-fetch-dest", "document") == "document"
    )
    if is_foreign and not (method in READING and is_visit):
        return Refusal(403, "other pages may not use the dashboard")
    if method not in READING and not is_own_origin(headers.get("origin"), hosts[0]):
        return Refusal(403, "other pages may not change anything")
    return None


def is_ours(name: str, allowed_hosts: Iterable[str]) -> bool:
    """Return whether a host name means this dashboard: loopback, or configured."""
    if name == "localhost" or name in {allowed.lower() for allowed in allowed_hosts}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """Return the name in a Host header, in lower case; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_own_origin(origin: str | None, host: str) -> bool:
    """Return whether a state-changing request comes from our page, or from no page at all."""
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


class Guard:
    """Refuses in front of the application, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ANSWER_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refused = refusal(scope["method"], Headers(scope=scope), self._allowed_hosts)
        answer = JSONResponse({"detail": refused.reason}, refused.code) if refused else self._app
        await answer(scope, receive, send_with_headers)
