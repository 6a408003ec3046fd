"""Rows asked for by GETBULK: the agent chooses which come, and only those that were meant count."""

from __future__ import annotations

from functools import cache

from batched import ACCESS, Desk, Question, rows
from hypothesis import event, given, settings
from hypothesis import strategies as st
from liar import NAME, Objects, Oid, Row, honest, switch

from collector.transports import Ask
from edunet.inventory.model import Device
from lab import ber

INDEXES = (4, 5, 6)


@cache
def desk() -> Desk:
    device = {"id": "d", "site": "city", "address": "127.91.0.1", "snmp": "ro"}
    return Desk([Ask(Device.model_validate(device), 1, rows(*INDEXES))])


@cache
def by_name() -> Question:
    """Names and order are those of a GET for the same."""
    return desk().put()[0]


@cache
def number() -> int:
    by_name()
    (found,) = desk().plans.of(desk().questions[0].ask, ACCESS.community, True)
    return found


def asked() -> tuple[Question, ber.Request]:
    """The question by GETBULK, in flight, and as an agent reads it."""
    made, plans = desk(), desk().plans
    made.questions = [by_name()._replace(number=number())]
    (question,) = made.put()
    at = plans.datagram[question.number]
    request = ber.request(plans.bodies[at, : plans.sizes[at]].tobytes())
    return question, request._replace(id=question.id.to_bytes(4))


def agent(*indexes: int) -> Objects:
    """All that is asked for of these rows, and one table behind."""
    made = switch([Row(n, f"p{n}") for n in indexes])
    for name in by_name().names:
        oid = ber.subids(name)
        for n in indexes:
            whole = oid if oid[-1] == 0 else (*oid[:-1], n)
            made.setdefault(whole, ber.number(ber.GAUGE32, n))
    return made | {(1, 3, 6, 1, 4, 1, 1): ber.NULL}


def read(objects: Objects) -> tuple[bool, list[bytes]]:
    """Whether it was handed on, and the elements that were read, in the order of their names."""
    question, request = asked()
    came, lost = desk().read((question, honest(request, objects)))
    cells = desk().cells(came).get(question.number, [])
    return len(lost.odd) == 1, [ber.element(*cell) for cell in cells]


def meant(objects: Objects) -> list[bytes] | None:
    found = [objects.get(ber.subids(name)) for name in by_name().names]
    return None if None in found else [each for each in found if each is not None]


def test_the_question_repeats_from_before_the_first_row() -> None:
    question, request = asked()
    scalars = sum(ber.subids(name)[-1] == 0 for name in question.names)

    assert ber.GETBULK == request.kind
    assert (scalars, len(INDEXES)) == (request.non_repeaters, request.max_repetitions)
    assert (*NAME, INDEXES[0] - 1) == ber.subids(request.names[scalars])


def test_rows_that_follow_each_other_are_read() -> None:
    for indexes in (INDEXES, range(1, 12)):
        objects = agent(*indexes)
        assert (False, meant(objects)) == read(objects)


def test_a_row_that_went_a_row_that_came_and_a_hole_are_handed_on() -> None:
    for indexes in ((4, 6), (4, 5), (5, 6, 7, 8), (1, 2), ()):
        assert (True, []) == read(agent(*indexes))
    holed = agent(*INDEXES)
    del holed[ber.subids(by_name().names[-1])]
    assert (True, []) == read(holed)


oids = st.sampled_from(sorted(agent(*range(1, 12))))


@settings(max_examples=200, deadline=None)
@given(gone=st.sets(oids, max_size=4), zero=st.booleans())
def test_whatever_is_missing_no_row_stands_for_another(gone: set[Oid], zero: bool) -> None:
    objects = agent(*range(0 if zero else 1, 12))
    objects = {oid: value for oid, value in objects.items() if oid not in gone}

    odd, cells = read(objects)

    event("handed on" if odd else "read")
    assert odd == (meant(objects) is None)
    assert (meant(objects) or []) == cells
