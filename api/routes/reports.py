"""What people say of schools that nobody watches."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from api import queries
from api.guard import same_origin
from api.i18n import translator
from api.queries.common import when
from api.source import AView, View, answer
from edunet.model import Model
from edunet.reports import Report, Reported, Reports

router = APIRouter(prefix="/api/v1/schools", tags=["schools"])

_AHEAD_MS: Final = 60_000  # clocks differ; what is further ahead is a mistake
_BY: Final = "local"  # without tokens, all we know is that it was somebody on this machine


def _moment(text: str) -> str:
    try:
        good = datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        good = False
    if not good:
        raise PydanticCustomError("moment", "no moment with an offset: 2026-11-27T08:00:00+08:00")
    return text


def _plain(text: str) -> str:
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text):
        raise PydanticCustomError("plain", "holds control characters")
    return text


class Told(Model):
    """The body: how it is, since when that was seen (now), and a word on it."""

    state: Reported
    at: Annotated[str, StringConstraints(max_length=40), AfterValidator(_moment)] | None = None
    note: Annotated[str, StringConstraints(max_length=500), AfterValidator(_plain)] | None = None


@router.post("/{school}/report")
def report(request: Request, view: AView, school: str, told: Told) -> Response:
    """Report how a school is that nobody watches; answers the school.

    409 when it is watched: what is measured counts. `at` is when it was so, RFC 3339, by default
    now; the newest moment counts, whenever it is told.
    """
    same_origin(request)
    reports: Reports | None = request.app.state.source.reports
    if reports is None:
        raise HTTPException(503, "nothing here keeps reports; restart edunet")
    found = queries.school(view.picture, view.scope, view.lang, school) or view.missing(school)
    row = view.picture.topology.site[found["id"]]
    say = translator(view.lang)
    if not view.picture.topology.inventory.sites[row].passive:
        raise HTTPException(
            409,
            say(
                "{id} is watched: what is measured counts, and a report changes nothing. "
                "Write watch: reported for it if nobody can watch it.",
                id=found["id"],
            ),
        )
    time = _time(view, told.at)
    reports.put(Report(found["id"], told.state, time, _BY, told.note))
    after = View(request)
    return answer(queries.school(after.picture, after.scope, after.lang, school))


def _time(view: View, at: str | None) -> int:
    """The moment in milliseconds UTC.

    Raises:
        HTTPException: 400, it is yet to come, or before anybody could report.
    """
    now = view.picture.now
    try:
        time = now if at is None else round(datetime.fromisoformat(at).timestamp() * 1e3)
    except (OverflowError, ValueError, OSError):
        time = -1
    if not 0 <= time <= now + _AHEAD_MS:
        say = translator(view.lang)
        raise HTTPException(
            400, say("at: nothing can be known of that moment; it is {now} here.",
                     now=when(view.picture, now))
        )  # fmt: skip
    return time
