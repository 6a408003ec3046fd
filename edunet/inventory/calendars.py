"""On which days, and in which hours of them, does a school work?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from edunet.inventory.fields import Day
from edunet.inventory.finding import quote
from edunet.inventory.thing import Id, Name, Thing
from edunet.model import Model

BUILT_IN: Final = frozenset({"cn-school"})  # school days, 07:30-17:30
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"

Span = tuple[int, int]  # minutes since midnight: from, until


def _days(written: object) -> object:
    """`mon`, `mon-fri`, or such with commas between."""
    if _weekdays(str(written)):
        return written
    raise PydanticCustomError(
        "weekdays", "{got} is no day of the week; write mon or mon-fri", {"got": quote(written)}
    )


def _weekdays(text: str) -> list[int]:
    """The days of the week, Monday is 0; none if it is not readable."""
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            return []
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        if end < begin:
            return []
        days += range(begin, end + 1)
    return days


def _hours(written: object) -> object:
    """`07:50-16:30`, `07:50-11:30, 13:30-16:30` or `none`."""
    text = str(written)
    if text == "none" or ((spans := _spans(text)) and all(a < b for a, b in _flat(spans))):
        return written
    raise PydanticCustomError(
        "hours",
        '{got} is no time of day; write "07:50-16:30", the earlier first',
        {"got": quote(written)},
    )


def _flat(spans: list[Span]) -> Iterable[Span]:
    """Every two times that must be one after the other."""
    times = [time for span in spans for time in span]
    return pairwise(times)


def _spans(text: str) -> list[Span]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(rf"{_TIME}-{_TIME}", part) for part in parts):
        return []
    return [(_minutes(part[:5]), _minutes(part[6:])) for part in parts]


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _each_day_once(hours: dict[str, str]) -> dict[str, str]:
    seen: set[int] = set()
    for key in hours:
        days = _weekdays(key)
        if seen.intersection(days) or len(set(days)) < len(days):
            day = WEEKDAYS[next(one for one in days if one in seen or days.count(one) > 1)]
            raise PydanticCustomError(
                "hours", "{day} has hours twice; write each day once", {"day": day}
            )
        seen.update(days)
    return hours


Weekdays = Annotated[str, BeforeValidator(_days), WithJsonSchema({"type": "string"})]
Hours = Annotated[
    str,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "pattern": r"^(none|\d\d:\d\d-\d\d:\d\d(, *.*)?)$"}),
]


class Term(Model):
    """The days from `start` to `end`, both of them school."""

    start: Day
    end: Day
    name: Name | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Term:
        if self.end < self.start:
            raise PydanticCustomError(
                "term",
                "{end} is before {start}; exchange start and end",
                {"start": str(self.start), "end": str(self.end)},
            )
        return self


class Calendar(Thing):
    """When school is. What it does not say, the calendar it `extends` says."""

    name: Name | None = None
    extends: Id | None = None
    terms: tuple[Term, ...] = ()
    hours: Annotated[dict[Weekdays, Hours], AfterValidator(_each_day_once)] = Field(
        default_factory=dict
    )
    holidays: tuple[Day, ...] = ()
    extra_days: tuple[Day, ...] = ()

    @model_validator(mode="after")
    def _no_day_is_two_things(self) -> Calendar:
        ordered = sorted(self.terms, key=lambda term: term.start)
        for before, after in pairwise(ordered):
            if after.start <= before.end:
                raise PydanticCustomError(
                    "terms",
                    "the terms that start on {one} and {other} overlap; end the first earlier",
                    {"one": str(before.start), "other": str(after.start)},
                )
        both: set[date] = set(self.holidays).intersection(self.extra_days)
        if both:
            raise PydanticCustomError(
                "days", "{day} is a holiday and an extra day; remove one", {"day": str(min(both))}
            )
        return self

    def week(self) -> tuple[tuple[Span, ...] | None, ...]:
        """The hours of Monday to Sunday in minutes since midnight.

        None where nothing is said of a day, an empty tuple where it has none.
        """
        week: list[Any] = [None] * 7
        for key, text in self.hours.items():
            for day in _weekdays(key):
                week[day] = () if text == "none" else tuple(_spans(text))
        return tuple(week)
