"""Is the process alive, has it asked everybody once, and its metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.exposition import CONTENT_TYPE, exposition
from api.source import AView, answer

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Response:
    """200 while the process lives."""
    return answer({"status": "ok"})


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """503 until every device was asked once."""
    ready = request.app.state.source.ready()
    response = answer({"status": "ready" if ready else "starting"})
    response.status_code = 200 if ready else 503
    return response


@router.get("/metrics")
def metrics(view: AView, county: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """Prometheus text format 0.0.4. Interfaces that are ends of links; with `county` all of it."""
    if county is not None and not view.seen_county(county):
        view.missing(county)
    body = exposition(view.picture, view.source.catalog, view.source.health, view.scope, county)
    return Response(body, media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
