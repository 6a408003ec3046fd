"""Reading the inventory again."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from api.guard import same_origin
from api.source import answer
from edunet.errors import ConfigError
from edunet.reloading import BusyError, Reloading

router = APIRouter(prefix="/api/v1", tags=["inventory"])


@router.post("/reload")
def reload(request: Request) -> Response:
    """Read the inventory again and go on with it; answers what is different.

    422 with the findings when it is wrong: the last good one stays in use. 409 while another
    reload is under way.
    """
    same_origin(request)
    reloading: Reloading | None = request.app.state.source.reloading
    if reloading is None:
        raise HTTPException(503, "nothing here can reload; restart edunet")
    try:
        done = reloading.reload()
    except BusyError as error:
        raise HTTPException(409, str(error)) from None
    except ConfigError as error:
        raise HTTPException(422, str(error)) from None
    changed = {section: found._asdict() for section, found in done.changed.items()}
    return answer({"changed": changed, "notes": list(done.notes)})
