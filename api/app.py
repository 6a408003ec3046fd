"""The HTTP application: every route and page over one source of pictures."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import pages, routes
from api.i18n import negotiate, translator
from api.source import Source
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
    app.state.locale = source.picture().topology.inventory.network.locale
    for module in sorted(m.name for m in pkgutil.iter_modules(routes.__path__)):
        app.include_router(import_module(f"api.routes.{module}").router)
    app.include_router(pages.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misasked)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """RFC 9457 problem details for a refusal."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return _problem(request, error.status_code, str(error.detail))


async def _misasked(request: Request, error: Exception) -> Response:
    """RFC 9457 problem details for parameters that do not fit; 400, naming each."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    complaints = [
        f"{'.'.join(str(part) for part in found['loc'][1:])}: {found['msg'].lower()}"
        for found in error.errors()
    ]
    return _problem(request, 400, "; ".join(complaints))


def _problem(request: Request, status: int, detail: str) -> Response:
    say = translator(
        negotiate(
            request.query_params.get("lang"),
            request.cookies.get("lang"),
            request.headers.get("accept-language"),
            request.app.state.locale,
        )
    )
    titles = {
        400: say("The request cannot be understood"),
        404: say("There is no such thing"),
        405: say("This cannot be done here"),
        500: say("Something went wrong here"),
    }
    body = {
        "type": "about:blank",
        "title": titles.get(status, titles[500 if status >= 500 else 400]),
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    return Response(orjson.dumps(body), status_code=status, media_type=_PROBLEM)
