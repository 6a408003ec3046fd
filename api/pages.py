"""What a browser is given: the overview at `/`, its fragment, `/docs`, and the files they use."""

from __future__ import annotations

import gzip
import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api import queries, render
from api.assets import shipped
from api.i18n import LANGUAGES, negotiate
from api.overview import Overview, overview
from api.scope import Scope
from edunet.clock import SystemClock

router = APIRouter(include_in_schema=False)

_YEAR: Final = 365 * 24 * 3600
_GUARD: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def language(request: Request) -> str:
    """The language of this reader: `?lang=`, else the cookie, else the browser's, else ours."""
    source = getattr(request.app.state, "source", None)
    ours = source.picture().topology.inventory.network.locale if source else LANGUAGES[0]
    return negotiate(
        request.query_params.get("lang"),
        request.cookies.get("lang"),
        request.headers.get("accept-language"),
        ours,
    )


def shown(request: Request, lang: Annotated[str, Depends(language)]) -> Overview:
    """The overview of what this reader may see, as the API answers it at this moment."""
    picture, scope = request.app.state.source.picture(), Scope.of(request)
    asked = (queries.counties, queries.schools, queries.links, queries.alerts)
    lists = request.app.state.shelf.get(
        (scope, lang), picture, lambda: [ask(picture, scope, lang) for ask in asked]
    )
    carriers = {carrier.id: carrier.name for carrier in picture.topology.inventory.carriers}
    counties, schools, links, alerts = lists
    now = queries.network(picture, scope, lang)
    page = overview(now, counties, schools, links, alerts, carriers)
    if page.age_s is None:
        return page
    # A picture that is no longer repainted grows old too, whatever it says of its own data.
    clock = getattr(request.app.state, "clock", None) or SystemClock()
    return page._replace(age_s=page.age_s + max(0.0, clock.now() / 1e3 - page.now.timestamp()))


# Handlers are plain functions, which FastAPI runs in a thread: rendering delays no other answer.
@router.get("/")
def overview_page(
    request: Request,
    page: Annotated[Overview, Depends(shown)],
    lang: Annotated[str, Depends(language)],
) -> Response:
    """The overview as a document, in the reader's language and colours."""
    theme = _theme(request)
    return _document(request, render.whole(page, lang, theme), lang, theme)


@router.get("/docs")
def manual(request: Request, lang: Annotated[str, Depends(language)]) -> Response:
    """The calls of the API as a document; nothing in it comes from outside."""
    theme, openapi = _theme(request), request.app.openapi()
    name = request.app.state.source.picture().topology.inventory.network.name
    return _document(request, render.manual(name, lang, theme, openapi), lang, theme)


@router.get("/fragments/overview")
def overview_fragment(
    request: Request,
    page: Annotated[Overview, Depends(shown)],
    lang: Annotated[str, Depends(language)],
) -> Response:
    """What stands in `<main>`; 304 while nothing but the age of the data has changed."""
    body = render.fragment(page, lang)
    tag = f'W/"{hashlib.sha256(body.encode()).hexdigest()[:24]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        # A 304 has no body, and the age is the one thing that always moves.
        "Edunet-Data-Age": "" if page.age_s is None else f"{page.age_s:.1f}",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=_GUARD | headers | _VARY)
    return _packed(request, body, headers)


@router.get("/static/{name:path}")
def static(request: Request, name: str, v: str = "") -> Response:
    """A style sheet, script, picture or font; kept for ever when asked for by its version."""
    asset = shipped().get(name)
    if asset is None:
        raise HTTPException(404, "no such file")
    kept = v == asset.version
    headers = _GUARD | {
        "Cache-Control": f"public, max-age={_YEAR}, immutable" if kept else "no-cache",
        "ETag": f'"{asset.version}"',
        "Vary": "Accept-Encoding",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.packed is not None and _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


_VARY: Final = {"Vary": "Accept-Encoding, Accept-Language, Cookie"}


def _document(request: Request, text: str, lang: str, theme: str | None) -> Response:
    """A whole page, which remembers the language and colours it was asked for in."""
    response = _packed(request, text, {"Cache-Control": "no-store"})
    for name, value in (("lang", lang), ("theme", theme)):
        if value and name in request.query_params:
            response.set_cookie(name, value, max_age=_YEAR, samesite="lax")
    return response


def _packed(request: Request, text: str, headers: dict[str, str]) -> Response:
    body, headers = text.encode(), _GUARD | _VARY | headers
    if _takes_gzip(request):
        # Level 4: a third of the time of level 9 for 5 % more bytes, and no page is kept.
        body, headers["Content-Encoding"] = gzip.compress(body, 4, mtime=0), "gzip"
    return Response(body, media_type="text/html", headers=headers)


def _takes_gzip(request: Request) -> bool:
    wishes = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    return any(wish.split(";")[0] == "gzip" and not wish.endswith(";q=0") for wish in wishes)


def _theme(request: Request) -> str | None:
    """What the reader chose here or once before; anything else is the system's choice."""
    wish = request.query_params.get("theme") or request.cookies.get("theme")
    return wish if wish in ("light", "dark") else None
