"""What happened when: outages as marks on somebody else's curves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from alerts.alert import Alert, incident_id
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1/annotations", tags=["alerts"])

_SECONDS: Final = 100_000_000_000  # a smaller number is seconds: as milliseconds it is before 1974


def _moment(text: object) -> int:
    """Milliseconds UTC."""
    if not isinstance(text, str):
        raise PydanticCustomError("moment", "no moment")
    if text.isdecimal():
        number = int(text)
        return number if number >= _SECONDS else number * 1000
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is not None:
            return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        pass
    raise PydanticCustomError("moment", "no moment: epoch milliseconds, or RFC 3339 with an offset")


Moment = Annotated[int, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]


@router.get("")
def marks(
    view: AView,
    page: APage,
    first: Annotated[Moment | None, Query(alias="from")] = None,
    last: Annotated[Moment | None, Query(alias="to")] = None,
    county: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Outages that were told and lasted into the time from `from` to `to`, oldest first.

    Each is what Grafana's own `POST /api/annotations` takes: `time` and `timeEnd` in milliseconds
    (null while it lasts), `text`, `tags`. `from` and `to` are epoch milliseconds or seconds, or
    RFC 3339; without them everything that is remembered: what is open, and what ended lately.
    """
    told = [
        _mark(alert, view.lang)
        for alert in (*view.picture.alerts, *view.picture.closed)
        if alert.fired is not None
        and view.scope.sees(alert.county)
        and (county is None or (alert.county or "none") == county)
        and (last is None or alert.since <= last)
        and (first is None or alert.resolved is None or alert.resolved >= first)
    ]
    return answer(page.of(sorted(told, key=lambda mark: (mark["time"], mark["id"]))))


def _mark(alert: Alert, lang: str) -> dict[str, Any]:
    summary = alert.summary.get(lang) or next(iter(alert.summary.values()))
    tags = ["edunet", alert.severity, alert.cause, alert.rule, alert.county]
    return {
        "id": incident_id(alert),
        "time": alert.since,
        "timeEnd": alert.resolved,
        "title": alert.subject.name,
        "text": summary,
        "tags": [tag for tag in tags if tag],
    }
