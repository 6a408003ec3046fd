"""Alerts: what is held against whom."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api import queries
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

_OPEN = ("pending", "firing")


@router.get("")
def alerts(
    view: AView,
    page: APage,
    state: Literal["pending", "firing", "resolved"] | None = None,
    severity: Literal["critical", "major", "minor", "info"] | None = None,
    county: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Alerts, oldest first; without `state` those pending and firing."""
    items = queries.alerts(view.picture, view.scope, view.lang)
    items = [item for item in items if item["state"] in ((state,) if state else _OPEN)]
    if severity is not None:
        items = [item for item in items if item["severity"] == severity]
    if county is not None:
        items = [item for item in items if (item["county"] or "none") == county]
    return answer(page.of(items))


@router.get("/{alert}")
def alert(view: AView, alert: str) -> Response:
    """One alert, also when it was resolved lately."""
    return answer(view.one(alert, queries.alerts(view.picture, view.scope, view.lang)))
