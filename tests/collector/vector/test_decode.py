"""Replies that are nearly right, one by one: read, handed to the scalar client, or dropped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from batched import Cell, Desk, Question, asks, device, lengthy, reply, rows
from liar import COMMUNITY

from collector.transports import Ask
from collector.vector.flight import MOST
from collector.vector.replies import Why
from lab import ber

Made = Callable[[Question], bytes]


def honest(question: Question) -> bytes:
    return reply(question, question.honest())


def with_cell(at: int, cell: Cell) -> Made:
    """An honest answer but for one value."""

    def made(question: Question) -> bytes:
        said = question.honest()
        said[at] = cell
        return reply(question, said)

    return made


def with_widths(*widths: int) -> Made:
    """Lengths of message, PDU, list, binds and values that take so many bytes more."""
    return lambda question: reply(question, question.honest(), widths)


def edited(old: bytes, new: bytes) -> Made:
    """An honest answer in which these bytes, of which there is but one place, are others."""

    def made(question: Question) -> bytes:
        said = honest(question)
        assert said.count(old) == 1
        return said.replace(old, new)

    return made


def swapped(question: Question) -> bytes:
    names, said = list(question.names), question.honest()
    names[2:4], said[2:4] = names[3:1:-1], said[3:1:-1]
    return reply(question._replace(names=tuple(names)), said)


def repeated(question: Question) -> bytes:
    names, said = question.names, question.honest()
    return reply(question._replace(names=(*names, names[-1])), [*said, said[-1]])


def raw_bind_length(question: Question) -> bytes:
    """A bind of 138 bytes whose length is written 8A: to BER, ten bytes of length follow."""
    said = question.honest()
    said[2] = (ber.OCTETS, bytes(120))
    return reply(question, said, (0, 0, 0, -1, 0))


def as_another_pdu(question: Question) -> bytes:
    binds = lengthy(ber.SEQUENCE, b"")
    body = ber.element(ber.INTEGER, question.id.to_bytes(4)) + b"\x02\x01\x00\x02\x01\x00" + binds
    pdu = ber.element(0xA8, body)
    return ber.element(ber.SEQUENCE, ber.V2C + ber.element(4, COMMUNITY.encode()) + pdu)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def outcome(desk: Desk, made: Made) -> str:
    """Of the second question; those around it are answered well, and read as they were said."""
    before, mine, after = desk.put()[:3]
    dropped = sum(desk.replies.dropped.values())
    flying = len(desk.flight.flying())
    came, lost = desk.read((before, honest(before)), (mine, made(mine)), (after, honest(after)))
    found = desk.cells(came)
    assert (before.honest(), after.honest()) == (found[before.number], found[after.number])
    landed = mine.number in found or mine.number in lost.odd
    assert len(desk.flight.flying()) == flying - 2 - landed
    assert sum(desk.replies.dropped.values()) == dropped + (not landed)
    return "read" if mine.number in found else "odd" if landed else "dropped"


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(honest, id="honest"),
        pytest.param(with_widths(2, 2, 2, 0, 0), id="lengths of three bytes"),
        pytest.param(with_cell(0, (0x43, b"")), id="a number of no byte"),
        pytest.param(with_cell(0, (0x43, bytes(9))), id="a number of nine bytes"),
        pytest.param(with_cell(2, (0x46, b"\xff" * 8)), id="a counter without its leading zero"),
        pytest.param(with_cell(2, (0x81, b"")), id="no such instance"),
        pytest.param(with_cell(2, (0x82, b"x")), id="an exception with contents"),
        pytest.param(with_cell(2, (ber.OCTETS, bytes(111))), id="a text as long as can be"),
        pytest.param(with_cell(2, (ber.INTEGER, b"\x80\0\0\0")), id="a number below zero"),
        pytest.param(edited(b"\x02\x01\x00\x02\x01\x00", b"\x02\x01\x00\x02\x01\x7f"), id="index"),
    ],
)
def test_what_is_plainly_written_is_read(desk: Desk, made: Made) -> None:
    assert "read" == outcome(desk, made)
    assert {} == +desk.replies.dropped


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(swapped, id="two values swapped"),
        pytest.param(repeated, id="a value twice"),
        pytest.param(lambda q: honest(q)[:-1], id="cut by a byte"),
        pytest.param(lambda q: honest(q)[:60], id="cut in the middle"),
        pytest.param(lambda q: honest(q) + b"\0", id="a byte more"),
        pytest.param(lambda q: reply(q, q.honest(), status=5), id="genErr"),
        pytest.param(lambda q: reply(q, q.honest(), status=1), id="tooBig"),
        pytest.param(lambda q: reply(q, q.honest(), status=-1), id="an error below zero"),
        pytest.param(lambda q: reply(q._replace(names=()), ()), id="no value"),
        pytest.param(with_widths(3, 0, 0, 0, 0), id="message length of four bytes"),
        pytest.param(with_widths(0, 0, 3, 0, 0), id="list length of four bytes"),
        pytest.param(with_widths(0, 0, 0, 1, 0), id="bind lengths of two bytes"),
        pytest.param(with_widths(0, 0, 0, 0, 1), id="value lengths of two bytes"),
        pytest.param(with_widths(0, 0, 0, 0, 2), id="value lengths of three bytes"),
        pytest.param(with_cell(2, (ber.OCTETS, bytes(200))), id="a text of 200 bytes"),
        pytest.param(lambda q: honest(q) + bytes(59_000), id="59 kB behind an answer"),
        pytest.param(raw_bind_length, id="a length of one byte where two are due"),
        pytest.param(as_another_pdu, id="a report"),
        pytest.param(edited(ber.V2C + b"\x04", b"\x02\x01\x00\x04"), id="version 1"),
        pytest.param(edited(ber.V2C + b"\x04", b"\x02\x01\x03\x04"), id="version 3"),
        pytest.param(edited(b"\x02\x01\x00\x02\x01\x00", b"\x02\x01\x00\x01\x01\x00"), id="tag"),
    ],
)
def test_what_is_not_plainly_written_is_left_to_the_scalar_client(desk: Desk, made: Made) -> None:
    assert "odd" == outcome(desk, made)
    assert {} == +desk.replies.dropped


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(lambda q: b"", "malformed", id="nothing"),
        pytest.param(lambda q: b"\x30", "malformed", id="one byte"),
        pytest.param(lambda q: b"\x30\x80", "malformed", id="a length without end"),
        pytest.param(lambda q: honest(q)[:20], "malformed", id="cut before the id"),
        pytest.param(lambda q: bytes(59_000), "oversized", id="59 kB"),
        pytest.param(lambda q: honest(q._replace(id=q.id ^ 0x1000)), "unclaimed", id="an old id"),
        pytest.param(lambda q: honest(q._replace(id=q.id ^ 8)), "unclaimed", id="a free place"),
        pytest.param(lambda q: honest(q._replace(id=q.id - 1)), "foreign", id="another's id"),
        pytest.param(
            lambda q: reply(q, q.honest(), community="public"), "community", id="community"
        ),
        pytest.param(lambda q: reply(q, q.honest(), community=""), "community", id="no community"),
        pytest.param(lambda q: reply(q, q.honest(), community="sesame\0"), "community", id="nul"),
        pytest.param(
            lambda q: reply(q, q.honest(), community="sesam"), "community", id="part of it"
        ),
    ],
)
def test_what_answers_nothing_is_dropped_by_its_reason(desk: Desk, made: Made, reason: str) -> None:
    assert "dropped" == outcome(desk, made)
    assert {reason: 1} == +desk.replies.dropped


def test_an_answer_without_an_id_takes_no_place() -> None:
    """A free place has the id 0: whoever answers so must not land what never flew."""
    desk = Desk([Ask(device(1), 1, rows(1)), Ask(device(2), 2, rows(2, 3))])
    mine = desk.put()[0]

    came, lost = desk.read((mine, reply(mine, mine.honest(), id_bytes=bytes(4))))

    assert [] == came
    assert 0 == len(lost.odd)
    assert {"malformed": 1} == +desk.replies.dropped
    assert MOST - 2 == desk.flight.left
    places, _ = desk.flight.places(MOST - 2)
    assert MOST - 2 == len(np.unique(places)), "a place was given twice"


def test_the_same_answer_thrice_in_a_batch_counts_once(desk: Desk) -> None:
    mine = desk.put()[0]

    came, lost = desk.read(*[(mine, honest(mine))] * 3)

    assert mine.honest() == desk.cells(came)[mine.number]
    assert 0 == len(lost.odd)
    assert {"duplicate": 2} == +desk.replies.dropped
    again, lost = desk.read((mine, honest(mine)))
    assert ([], 0) == (again, len(lost.odd))
    assert {"duplicate": 2, "unclaimed": 1} == +desk.replies.dropped


def test_an_answer_cut_short_does_not_borrow_from_the_one_before(desk: Desk) -> None:
    """The buffer is used again: behind a short datagram lies what came in the round before."""
    for size in range(len(honest(desk.put()[1]))):
        mine = desk.put()[1]
        desk.read((mine, honest(mine)))
        mine = desk.put()[1]

        came, _ = desk.read((mine, honest(mine)[:size]))

        assert [] == came


def test_who_has_no_rows_is_asked_whether_it_lives() -> None:
    desk = Desk([ask for ask in asks() if not ask.ports])
    (mine,) = desk.put()

    came, _ = desk.read((mine, honest(mine)))

    assert mine.honest() == desk.cells(came)[mine.number]
    assert [] == desk.frames(came)


def test_the_manual_names_every_reason() -> None:
    page = (Path(__file__).parents[3] / "docs" / "snmp.md").read_text(encoding="utf-8")
    rows = page.partition("edunet_snmp_datagrams_dropped_total{reason}")[2].partition("## ")[0]

    _, *named = re.findall(r"^\| `(\w+)` \| \w", rows, re.MULTILINE)  # below the head
    assert sorted(get_args(Why)) == sorted(named)
