"""Links: their state and what flows over them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import queries
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1/links", tags=["links"])


@router.get("")
def links(view: AView, page: APage) -> Response:
    """Every link, in the inventory's order."""
    return answer(page.of(queries.links(view.picture, view.scope, view.lang)))


@router.get("/{link}")
def link(view: AView, link: str) -> Response:
    """One link."""
    found = queries.link(view.picture, view.scope, view.lang, link)
    return answer(found or view.missing(link))
