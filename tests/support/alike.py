"""What batches read of a datagram is what other decoders read of the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asn1
from batched import ACCESS, EXCEPTIONS, NOW, TABLE, UNSIGNED, Cell, Desk, Question, reply

from collector.mibs import mib
from collector.rows import Engine, Reading, frames_of
from collector.snmp import community
from collector.snmp.pdu import Value
from collector.values import number_of
from edunet.frame import Frame, Reason
from lab import ber

Row = dict[str, Any]

PREFIX: Final = {source.object: source.prefix for source in TABLE.sources()} | {
    word: ber.name(tuple(map(int, oid.split(".")))) for word, oid in TABLE.scalars.items()
}
"""What an object is called -> its name on the wire, without the row's."""

_TAGS: Final = {
    ber.INTEGER, ber.OCTETS, 5, ber.OID, ber.IP_ADDRESS, ber.OPAQUE, *UNSIGNED, *EXCEPTIONS,
}  # fmt: skip


def played(desk: Desk, at: int, data: bytes) -> str:
    """What becomes of this datagram as the answer to one of the desk's questions.

    It comes between the answers of two others, and over one that lay in its place before: theirs
    are read as they were said, and of its own nothing that others do not read of it too.
    """
    mine = desk.put()[at]
    desk.read(*[(mine, reply(mine, mine.honest(base=7_000_000)))] * 3)
    questions = desk.put()
    before, mine, after = questions[at - 1], questions[at], questions[(at + 1) % len(questions)]
    honest = [(each, reply(each, each.honest())) for each in (before, after)]

    came, lost = desk.read(honest[0], (mine, data), honest[1])

    found = desk.cells(came)
    assert before.honest() == found.pop(before.number)
    assert after.honest() == found.pop(after.number)
    if not found:
        assert set(lost.odd.tolist()) <= {mine.number}
        return "handed on" if len(lost.odd) else "dropped"
    assert {mine.number} == found.keys()
    assert 0 == len(lost.odd)
    agree(mine, data, found[mine.number])
    slots = {port.slot for port in mine.ask.ports}
    rows = {slot: row for slot, row in rows_of(desk.frames(came)).items() if slot in slots}
    alone = rows_by_scalar(mine, data)
    # A name that only looks like the port's is one to the scalar client, and none to batches.
    assert {slot: row for slot, row in alone.items() if slot in rows} == rows
    return "read"


def agree(question: Question, data: bytes, found: Sequence[Cell]) -> None:
    """These cells, by name and in order, are what the scalar client and pyasn1 read."""
    answer = community.opened(community.V2C, ACCESS.community, question.id, data)
    assert answer is not None, "the scalar client says it answers another question"
    assert not answer.status
    alone = [(bind.name, bind.value) for bind in answer.binds]
    assert [*zip(question.names, map(_meant, found), strict=True)] == alone
    if not {tag for tag, _ in found} <= _TAGS:
        return  # both of ours take a tag for one byte: to pyasn1 some begin a longer one
    said = asn1.read(data)
    assert (1, ACCESS.community, question.id, 0) == said[:4]
    assert [*zip(map(ber.subids, question.names), found, strict=True)] == said.binds


def rows_of(frames: Sequence[Frame]) -> dict[int, Row]:
    """Slot -> column -> value, or its reason; a column that is not there is all missing."""
    found: dict[int, Row] = {}
    for frame in frames:
        for at, slot in enumerate(frame.slots.tolist()):
            row: Row = {
                name: values[at].item()
                if frame.good(name)[at]
                else Reason(int(frame.reason[name][at])).name
                for name, values in frame.columns.items()
            }
            row = {name: value for name, value in row.items() if value != "MISSING"}
            found[slot] = row | {"uptime": int(frame.uptime[at]), "time": int(frame.times[at])}
    return found


def rows_by_scalar(question: Question, data: bytes) -> dict[int, Row]:
    """As `Snmp` makes rows: what `collector.rows` says of the values its decoder read."""
    said = community.opened(community.V2C, ACCESS.community, question.id, data)
    assert said is not None
    values = {bind.name: bind.value for bind in said.binds if not bind.value.absent}
    reading = Reading(question.ask.ports, values, NOW)
    boots, seconds = (
        number_of(values.get(PREFIX[word])) for word in ("snmpEngineBoots", "snmpEngineTime")
    )
    engine = Engine(boots, seconds) if boots and seconds is not None else None
    table = mib(question.ask.table)
    frames, _ = frames_of(question.ask, [reading], table, NOW, engine)
    return rows_of([frame for frame in frames if frame.kind == table.kind])


def _meant(cell: Cell) -> Value:
    """What RFC 3416 and X.690 say of a cell; a number that is none stays the bytes it is."""
    kind, contents = cell
    size = len(contents)
    if kind in EXCEPTIONS:
        return Value(kind, None)
    if kind == ber.INTEGER and (1 <= size <= 4 or (size == 5 and contents[0] in {0, 255})):
        return Value(kind, int.from_bytes(contents, signed=True))
    most = UNSIGNED.get(kind, 0)
    if most and (1 <= size <= most or (size == most + 1 and not contents[0])):
        return Value(kind, int.from_bytes(contents))
    return Value(kind, contents)
