"""What Prometheus scrapes: the network, and how the monitor itself is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import cramjam
from fastapi import APIRouter, Query, Request, Response

from api.exposition import GROUPS, Exposition, Group, Wish
from api.prom import accept
from api.source import AView

router = APIRouter(tags=["health"])

_AS_TOLD: Final = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Encoding"}


@router.get("/metrics")
def metrics(
    request: Request,
    view: AView,
    county: Annotated[str | None, Query(max_length=64)] = None,
    ports: Literal["uplinks", "all"] | None = None,
    collect: Annotated[tuple[Group, ...], Query(alias="collect[]")] = GROUPS,
) -> Response:
    """The state of now for Prometheus, in text format 0.0.4 or, asked by `Accept`, OpenMetrics.

    Interfaces that are ends of links; with `county` or `ports=all` every one. `collect[]` names
    the groups that are wanted, and may be repeated.
    """
    if county is not None and not view.seen_county(county):
        view.missing(county)
    every_port = ports == "all" or (ports is None and county is not None)
    asked = request.headers
    openmetrics = accept.openmetrics(asked.get("accept"))
    source, wish = view.source, Wish(county, every_port, collect, openmetrics)
    blocks = _exposition(request).blocks(
        view.picture, source.catalog, source.health, view.scope, wish
    )
    headers = {**_AS_TOLD, "Content-Type": accept.OPENMETRICS if openmetrics else accept.TEXT}
    if accept.gzipped(asked.get("accept-encoding")):
        return Response(b"".join(_gzipped(blocks)), headers={**headers, "Content-Encoding": "gzip"})
    return Response(b"".join(blocks), headers=headers)


def _exposition(request: Request) -> Exposition:
    """The one of this application, from its first scrape on."""
    state = request.app.state
    if not hasattr(state, "exposition"):
        state.exposition = Exposition()
    found: Exposition = state.exposition
    return found


def _gzipped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Level 1: the higher ones cost several times the CPU for a fifth of the bytes."""
    packing = cramjam.gzip.Compressor(1)  # a third of the CPU of zlib's, for the same bytes
    for block in blocks:
        packing.compress(block)
        yield bytes(packing.flush())
    yield bytes(packing.finish())
