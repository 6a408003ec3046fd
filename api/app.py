"""The HTTP application: every route and page over one source of pictures."""

from __future__ import annotations

import pkgutil
from http import HTTPStatus
from importlib import import_module
from typing import Final
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import pages, routes
from api.i18n import translator
from api.shelf import Shelf
from api.source import Source, language
from edunet import __version__

_PROBLEM: Final = "application/problem+json"


def create_app(source: Source) -> FastAPI:
    """The application. It reads the source and changes nothing."""
    app = FastAPI(
        title="edunet",
        version=__version__,
        docs_url=None,  # the stock pages fetch their scripts from outside
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.source = source
    app.state.shelf = Shelf()
    app.state.locale = source.picture().topology.inventory.network.locale
    for module in sorted(m.name for m in pkgutil.iter_modules(routes.__path__)):
        app.include_router(import_module(f"api.routes.{module}").router)
    app.include_router(pages.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misasked)
    app.add_exception_handler(Exception, _failed)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """RFC 9457 problem details for a refusal."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    ours = error.detail != HTTPStatus(error.status_code).phrase
    response = _problem(request, error.status_code, error.detail if ours else None)
    response.headers.update(error.headers or {})  # Allow, of a 405
    return response


async def _misasked(request: Request, error: Exception) -> Response:
    """RFC 9457 problem details for parameters that do not fit; 400, naming each."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    say = translator(language(request))
    wrong = {".".join(str(part) for part in e["loc"][1:]): e["msg"].lower() for e in error.errors()}
    return _problem(
        request,
        400,
        say("Does not fit: {names}. See /docs for what each parameter takes.",
            names=", ".join(wrong)),
        errors=[{"parameter": name, "message": text} for name, text in wrong.items()],
    )  # fmt: skip


async def _failed(request: Request, error: Exception) -> Response:
    """A mistake of ours: the reader learns nothing of its inside, the log everything."""
    return _problem(request, 500)


def _problem(request: Request, status: int, detail: str | None = None, **more: object) -> Response:
    say = translator(language(request))
    titles = {
        400: say("The request cannot be understood"),
        404: say("There is no such thing"),
        405: say("This cannot be done here"),
        500: say("Something went wrong here"),
    }
    details = {
        404: say("There is no such path; /docs lists those there are."),
        405: say("This path can only be read."),
        500: say("The answer could not be made; the log says why."),
    }
    known = status if status in titles else 500 if status >= 500 else 400
    body = {
        "type": "about:blank",
        "title": titles[known],
        "status": status,
        "detail": detail or details.get(known, titles[known]),
        "instance": quote(request.scope["path"], errors="replace"),
        **more,
    }
    return Response(orjson.dumps(body), status_code=status, media_type=_PROBLEM)
