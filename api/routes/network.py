"""How the whole network is."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import queries
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1", tags=["network"])


@router.get("/network")
def network(view: AView) -> Response:
    """Counts of schools, links and devices by state, open incidents, the age of the data."""
    return answer(queries.network(view.picture, view.scope, view.lang))


@router.get("/counties")
def counties(view: AView, page: APage) -> Response:
    """Every county, with its schools counted by state."""
    return answer(page.of(queries.counties(view.picture, view.scope, view.lang)))


@router.get("/counties/{county}")
def county(view: AView, county: str) -> Response:
    """One county."""
    return answer(view.one(county, queries.counties(view.picture, view.scope, view.lang)))
