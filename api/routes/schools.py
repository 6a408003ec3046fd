"""Schools: connected or not, since when, why not, and what they get."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api import queries
from api.search import matches
from api.source import APage, AView, answer
from edunet.states import State

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
    topology, verdict = view.picture.topology, view.picture.verdict
    sites = topology.inventory.sites
    rows = queries.seen(view.picture, view.scope)
    if county is not None:
        rows = [row for row in rows if (topology.county[row] or "none") == county]
    if state is not None:
        rows = [row for row in rows if verdict.sites[row] == State[state.upper()]]
    if area is not None:
        rows = [row for row in rows if sites[row].area == area]
    if q:
        rows = [row for row in rows if matches(q, sites[row])]
    part, after = page.part([sites[row].id for row in rows])
    shown = [rows[n] for n in part]
    return answer(
        {"items": queries.schools(view.picture, view.scope, view.lang, shown), "next": after}
    )


@router.get("/{school}")
def school(view: AView, school: str) -> Response:
    """One school."""
    found = queries.school(view.picture, view.scope, view.lang, school)
    return answer(found or view.missing(school))
