"""Where routes get what they show, and the answer they make of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, Protocol

import orjson
from fastapi import Depends, HTTPException, Query, Request, Response

from alerts.picture import Picture
from api.i18n import negotiate, translator
from api.scope import Scope
from edunet.catalog import Catalog
from edunet.health import Health
from edunet.reloading import Reloading
from edunet.reports import Reports


class Source(Protocol):
    """The live state as the API sees it."""

    catalog: Catalog
    health: Health
    reloading: Reloading | None
    reports: Reports | None

    def picture(self) -> Picture:
        """The newest picture."""

    def ready(self) -> bool:
        """Whether every device was asked once."""


def language(request: Request) -> str:
    """In which of our languages this reader wants it."""
    return negotiate(
        request.query_params.get("lang"),
        request.cookies.get("lang"),
        request.headers.get("accept-language"),
        request.app.state.locale,
    )


class View:
    """One reader's view of the newest picture."""

    def __init__(self, request: Request) -> None:
        self.source: Source = request.app.state.source
        self.picture = self.source.picture()
        self.scope = Scope.of(request)
        self.lang = language(request)

    def one(self, item_id: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The item of that id.

        Raises:
            HTTPException: 404, also when it exists out of sight.
        """
        return next((i for i in items if i["id"] == item_id), None) or self.missing(item_id)

    def seen_county(self, county: str) -> bool:
        """Whether there is such a county, in sight."""
        topology = self.picture.topology
        row = topology.site.get(county)
        kind = None if row is None else topology.inventory.sites[row].kind
        return kind == "county" and self.scope.sees(county)

    def missing(self, item_id: str) -> NoReturn:
        """Raises: HTTPException: 404, naming what was looked for."""
        say = translator(self.lang)
        raise HTTPException(
            404, say("Nothing here is called {id}; the list has those there are.", id=item_id[:64])
        )


class Page:
    """Which part of a list is asked for: `limit` items after the one the cursor names."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> None:
        self.limit, self.cursor = limit, cursor
        self._lang = language(request)

    def of(self, items: Sequence[dict[str, Any]], key: str = "id") -> dict[str, Any]:
        """`{"items", "next"}` of a list that is small or made already.

        Raises:
            HTTPException: 400, as `part` does.
        """
        part, after = self.part([item[key] for item in items])
        return {"items": [items[n] for n in part], "next": after}

    def part(self, ids: Sequence[str]) -> tuple[range, str | None]:
        """Which of these to show, and the cursor for what follows them, or None.

        A cursor names the last item shown, not a position: items may come and go before it.

        Raises:
            HTTPException: 400, the cursor is none of ours or its item is gone.
        """
        start = 0
        if self.cursor is not None:
            last = _opened(self.cursor)
            start = next((n for n, id_ in enumerate(ids, 1) if id_ == last), 0)
            if not start:
                say = translator(self._lang)
                raise HTTPException(400, say("There is no such cursor; ask without one."))
        part = range(start, min(start + self.limit, len(ids)))
        return part, _sealed(ids[part[-1]]) if part and part.stop < len(ids) else None


def _sealed(item_id: str) -> str:
    return base64.urlsafe_b64encode(item_id.encode()).decode().rstrip("=")


def _opened(cursor: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return None


def answer(body: Any) -> Response:
    """The body as JSON; nothing in between may keep it."""
    return Response(
        orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


AView = Annotated[View, Depends()]
APage = Annotated[Page, Depends()]
