"""What dashboards made for snmp_exporter ask for, without asking any device once more."""

from __future__ import annotations

import zlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response

from api.compat import Compat, county_of
from api.prom import accept
from api.source import AView

router = APIRouter(tags=["health"])

_GZIP: Final = 16 + zlib.MAX_WBITS


@router.get("/metrics/compat")
def compat(
    request: Request,
    view: AView,
    target: Annotated[str | None, Query(max_length=200)] = None,
    county: Annotated[str | None, Query(max_length=64)] = None,
    ports: Literal["uplinks", "all"] = "all",
) -> Response:
    """Ports and uptime of devices by the names of snmp_exporter's `if_mib`, in text format 0.0.4.

    Without `target` every device, told apart by `instance`: scrape it with `honor_labels`. With
    it (an address, ADDRESS:PORT or a device's id) one device, as snmp_exporter would; 503 while it
    does not answer, so that `up` is 0.
    """
    if county is not None and not view.seen_county(county):
        view.missing(county)
    told, every = _compat(request), ports == "all"
    if target is None:
        blocks = told.all(view.picture, view.scope, county, every)
    else:
        device = told.device(view.picture, target)
        if device is None or not view.scope.sees(county_of(view.picture.topology, device)):
            view.missing(target)
        blocks = told.one(view.picture, device, every)
        if not blocks:
            raise HTTPException(503, f"{device.id} does not answer")
    headers = {
        "Cache-Control": "no-store",
        "Content-Type": accept.TEXT,
        "Vary": "Accept-Encoding",
    }
    body = b"".join(blocks)
    if accept.gzipped(request.headers.get("accept-encoding")):
        # Level 1: the higher ones cost several times the CPU for a fifth of the bytes.
        headers["Content-Encoding"] = "gzip"
        body = zlib.compress(body, 1, wbits=_GZIP)
    return Response(body, headers=headers)


def _compat(request: Request) -> Compat:
    """The one of this application, from its first scrape on."""
    state = request.app.state
    if not hasattr(state, "compat"):
        state.compat = Compat()
    found: Compat = state.compat
    return found
