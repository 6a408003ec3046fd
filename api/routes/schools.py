"""Schools: connected or not, since when, why not, and what they get."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api import queries
from api.search import matches
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1/schools", tags=["schools"])

StateWord = Literal["up", "degraded", "down", "unreachable", "unknown"]


@router.get("")
def schools(
    view: AView,
    page: APage,
    county: Annotated[str | None, Query(max_length=64)] = None,
    state: StateWord | None = None,
    area: Literal["urban", "rural"] | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Schools, in the inventory's order. `county=none`: those of no county.

    `q` is looked for in name, pinyin initials, code and id.
    """
    items = queries.schools(view.picture, view.scope, view.lang)
    if county is not None:
        items = [item for item in items if (item["county"] or "none") == county]
    if state is not None:
        items = [item for item in items if item["state"] == state]
    if area is not None:
        items = [item for item in items if item["area"] == area]
    if q:
        items = [item for item in items if matches(q, item)]
    return answer(page.of(items))


@router.get("/{school}")
def school(view: AView, school: str) -> Response:
    """One school."""
    return answer(view.one(school, queries.schools(view.picture, view.scope, view.lang)))
