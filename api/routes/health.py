"""Is the process alive, and has it asked everybody once?"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.source import answer

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
