"""What the dashboard answers: JSON, pictures, the live stream, the page of a photo.

Nothing here changes anything; the guard stands in front of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar
from uuid import UUID

import fastapi
from fastapi import responses, staticfiles
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc, orm
from starlette.types import ASGIApp

from dashboard import guard, photo_page, receipts, renditions
from dashboard.live import Live
from dashboard.readiness import Readiness
from dashboard.reading import Reading
from dashboard.receipts import Receipt
from dashboard.status import Status
from shared import metrics
from shared.database import Database
from shared.errors import DependencyError

WEB: Final = Path(__file__).with_name("web")
PHOTO_PAGES: Final = "/photos/"

Result = TypeVar("Result")
router = fastapi.APIRouter()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the answers are made from."""

    database: Database
    reading: Reading
    live: Live
    readiness: Readiness

    async def read(self, work: Callable[[orm.Session], Result]) -> Result:
        """Return ``work(session)``, done in a thread."""

        def run() -> Result:
            with self.database.read() as session:
                return work(session)

        return await asyncio.to_thread(run)


def _parts(request: fastapi.Request) -> Parts:
    held: Parts = request.app.state.parts
    return held


Given = Annotated[Parts, fastapi.Depends(_parts)]


def create(parts: Parts, allowed_hosts: Sequence[str] = ()) -> ASGIApp:
    """Return the application behind its guard."""
    app = fastapi.FastAPI(title="Photo Factory", openapi_url=None)
    app.state.parts = parts
    app.include_router(router)
    app.mount("/", staticfiles.StaticFiles(directory=WEB, html=True))
    app.add_exception_handler(DependencyError, _unavailable)
    app.add_exception_handler(renditions.NoRenditionError, _not_found)
    app.add_exception_handler(exc.NoResultFound, _no_photo)
    app.add_exception_handler(RequestValidationError, _no_photo)
    return guard.Guard(app, allowed_hosts)


@router.get("/api/v1/status")
async def status(parts: Given) -> Status:
    """Return the whole status (docs/status.schema.json), read now."""
    return await parts.reading.read()


@router.get("/api/v1/live")
async def live(parts: Given) -> responses.StreamingResponse:
    """Return the status as server-sent events, one with each change."""
    return responses.StreamingResponse(
        parts.live.stream(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/api/v1/assets/{asset_id}/receipt")
async def receipt(asset_id: UUID, parts: Given) -> Receipt:
    """Return everything that the ledger knows of one photo."""
    return await parts.read(lambda session: receipts.read(session, asset_id))


@router.get("/api/v1/assets/{asset_id}/{kind}")
async def rendition(
    asset_id: UUID, kind: renditions.Kind, request: fastapi.Request, parts: Given
) -> fastapi.Response:
    """Return a thumbnail or a preview."""
    found = await parts.read(lambda session: renditions.find(session, asset_id, kind))
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == found.etag:
        return fastapi.Response(status_code=304, headers=headers)
    content = await asyncio.to_thread(found.read)
    return fastapi.Response(content, media_type=found.mime_type, headers=headers)


@router.get(PHOTO_PAGES + "{asset_id}")
async def photo(asset_id: UUID, parts: Given) -> responses.HTMLResponse:
    """Return the page of one photo."""
    found = await parts.read(lambda session: receipts.read(session, asset_id))
    return responses.HTMLResponse(photo_page.render(found))


@router.get("/livez")
async def livez() -> dict[str, bool]:
    """Return that the event loop answers."""
    return {"ok": True}


@router.get("/readyz")
async def readyz(parts: Given) -> responses.JSONResponse:
    """Return 200 when every service is ready, else 503 and what each one lacks."""
    try:
        reported = (await parts.reading.read()).services
        missing = await parts.readiness.missing(reported)
    except DependencyError as error:
        missing = {"database": [str(error)]}
    return responses.JSONResponse({"ok": not missing, "missing": missing}, 503 if missing else 200)


@router.get("/metrics")
async def exposition(parts: Given) -> fastapi.Response:
    """Return the metrics of this process, with the gauges of the library as of now."""
    await parts.reading.read()
    return fastapi.Response(metrics.exposition(), media_type="text/plain; version=0.0.4")


async def _unavailable(request: fastapi.Request, error: Exception) -> fastapi.Response:
    return _problem(request, 503, "Not available now", str(error))


async def _not_found(request: fastapi.Request, error: Exception) -> fastapi.Response:
    return _problem(request, 404, "Not found", str(error))


async def _no_photo(request: fastapi.Request, _error: Exception) -> fastapi.Response:
    return _problem(request, 404, "No such photo", "no photo of this id is in the library")


def _problem(request: fastapi.Request, code: int, title: str, detail: str) -> fastapi.Response:
    if request.url.path.startswith(PHOTO_PAGES):
        return responses.HTMLResponse(photo_page.render_problem(title, detail), code)
    return responses.JSONResponse({"detail": detail}, code)
