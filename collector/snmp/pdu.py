"""What is asked and what is answered: the PDU inside a message (RFC 3416, RFC 1157)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from collector.snmp import ber
from collector.snmp.ber import MalformedError

GET: Final = 0xA0
GETNEXT: Final = 0xA1
RESPONSE: Final = 0xA2
GETBULK: Final = 0xA5
REPORT: Final = 0xA8

NO_ERROR, TOO_BIG, NO_SUCH_NAME, GEN_ERR = 0, 1, 2, 5
_ERRORS: Final = (
    "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
    "wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue",
    "resourceUnavailable", "commitFailed", "undoFailed", "authorizationError", "notWritable",
    "inconsistentName",
)  # fmt: skip
_MOST_BINDS: Final = 4096

_UNSIGNED: Final = {
    ber.COUNTER32: 32, ber.GAUGE32: 32, ber.TIMETICKS: 32, ber.UINTEGER32: 32, ber.COUNTER64: 64,
}  # fmt: skip
_ABSENT: Final = (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW)
NAMES: Final = {
    ber.INTEGER: "Integer", ber.OCTETS: "OctetString", ber.NULL: "Null", ber.OID: "ObjectId",
    ber.IP_ADDRESS: "IpAddress", ber.COUNTER32: "Counter32", ber.GAUGE32: "Gauge32",
    ber.TIMETICKS: "TimeTicks", ber.OPAQUE: "Opaque", ber.COUNTER64: "Counter64",
    ber.UINTEGER32: "UInteger32", ber.NO_SUCH_OBJECT: "noSuchObject",
    ber.NO_SUCH_INSTANCE: "noSuchInstance", ber.END_OF_MIB_VIEW: "endOfMibView",
}  # fmt: skip


class Value(NamedTuple):
    """One value and the tag it came with; `what` is a number, the bytes of a text or of an OID."""

    tag: int
    what: int | bytes | None  # None: there is no such object, or none any more

    @property
    def absent(self) -> bool:
        return self.what is None

    def __str__(self) -> str:
        """As `edunet probe --debug` shows it."""
        name = NAMES.get(self.tag, f"type {self.tag:#x}")
        if self.what is None:
            return name
        if self.tag == ber.OID and isinstance(self.what, bytes):
            try:
                return f"{name} {ber.dotted(self.what)}"
            except MalformedError as error:
                return f"{name} ({error})"
        return f"{name} {self.what!r}"


class Bind(NamedTuple):
    """An object, by the contents of its OID, and its value."""

    name: bytes
    value: Value


class Pdu(NamedTuple):
    """A whole PDU. `place` is error-index: which of the names the error is about, from 1."""

    kind: int
    id: int
    status: int
    place: int
    binds: Sequence[Bind]

    @property
    def error(self) -> str:
        """The error's name in RFC 3416."""
        known = 0 <= self.status < len(_ERRORS)
        return _ERRORS[self.status] if known else f"error {self.status}"


Decode = Callable[[bytes, int, int], Pdu]
"""`decode`, or what reads some answers faster and the same."""


def question(
    kind: int, number: int, names: Iterable[bytes], skip: int = 0, repeat: int = 0
) -> bytes:
    """The PDU that asks for these names; `skip` and `repeat` are GETBULK's."""
    asked = b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.OID, name) + b"\x05\x00") for name in names
    )
    head = ber.integer(number) + ber.integer(skip) + ber.integer(repeat)
    return ber.element(kind, head + ber.element(ber.SEQUENCE, asked))


def decode(data: bytes, at: int, end: int) -> Pdu:
    """The PDU at `at`, which must reach to `end`.

    Raises:
        MalformedError: it is none, or bytes follow it.
    """
    kind, at, stop = ber.read(data, at, end)
    if stop != end:
        raise MalformedError("bytes after the PDU")
    if kind not in {RESPONSE, REPORT}:
        raise MalformedError(f"PDU {kind:#x} is no answer")
    number, at = ber.number(data, at, end)
    status, at = ber.number(data, at, end)
    place, at = ber.number(data, at, end)
    at, stop = ber.expect(data, at, end, ber.SEQUENCE)
    if stop != end:
        raise MalformedError("bytes after the values")
    return Pdu(kind, number, status, place, _binds(data, at, end))


def _binds(data: bytes, at: int, end: int) -> list[Bind]:
    # Hot path: a city's round is made of these.
    binds: list[Bind] = []
    while at < end:
        start, stop, tag, first, last = _short(data, at, end) or _long(data, at, end)
        if len(binds) >= _MOST_BINDS:
            raise MalformedError(f"more than {_MOST_BINDS} values")
        binds.append(Bind(data[start:stop], _value(tag, data[first:last])))
        at = last
    return binds


def _short(data: bytes, at: int, end: int) -> tuple[int, int, int, int, int] | None:
    """Name from, name to, tag, value from, value to; None unless every length is one byte."""
    if at + 6 > end or data[at] != ber.SEQUENCE or data[at + 2] != ber.OID:
        return None
    last, size = at + 2 + data[at + 1], data[at + 3]
    stop = at + 4 + size
    if data[at + 1] & 0x80 or size & 0x80 or last > end or stop + 2 > last:
        return None
    width = data[stop + 1]
    if width & 0x80 or stop + 2 + width != last:
        return None
    return at + 4, stop, data[stop], stop + 2, last


def _long(data: bytes, at: int, end: int) -> tuple[int, int, int, int, int]:
    """The same of any value.

    Raises:
        MalformedError: it is none.
    """
    at, bind_end = ber.expect(data, at, end, ber.SEQUENCE)
    start, stop = ber.expect(data, at, bind_end, ber.OID)
    tag, first, last = ber.read(data, stop, bind_end)
    if last != bind_end:
        raise MalformedError("bytes after a value")
    return start, stop, tag, first, last


def _value(tag: int, contents: bytes) -> Value:
    """A value that cannot be read is kept as the bytes it is: its neighbours are not to blame."""
    if tag in _ABSENT:
        return Value(tag, None)
    try:
        if tag == ber.INTEGER:
            return Value(tag, ber.signed(contents))
        if tag in _UNSIGNED:
            return Value(tag, ber.unsigned(contents, _UNSIGNED[tag]))
    except MalformedError:
        pass
    return Value(tag, contents)
