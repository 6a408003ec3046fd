"""How is an SNMPv1 or v2c message read from the wire, and written (RFC 1157, 3416; BER: X.690)?"""

from __future__ import annotations

from typing import Final, NamedTuple

GET: Final = 0xA0
GETNEXT: Final = 0xA1
RESPONSE: Final = 0xA2
GETBULK: Final = 0xA5

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OID: Final = 0x06
SEQUENCE: Final = 0x30
IP_ADDRESS: Final = 0x40
COUNTER32: Final = 0x41
GAUGE32: Final = 0x42
TIMETICKS: Final = 0x43
OPAQUE: Final = 0x44
COUNTER64: Final = 0x46

NULL: Final = b"\x05\x00"
NO_SUCH_OBJECT: Final = b"\x80\x00"
NO_SUCH_INSTANCE: Final = b"\x81\x00"
END_OF_MIB_VIEW: Final = b"\x82\x00"

TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2
GEN_ERR: Final = 5
V1: Final = b"\x02\x01\x00"
V2C: Final = b"\x02\x01\x01"
_MAX_SUBIDS: Final = 128
_MAX_OID_BYTES: Final = 5 * _MAX_SUBIDS


class MalformedError(ValueError):
    """The bytes are no question in SNMPv1 or v2c; the only right answer is none."""


class Request(NamedTuple):
    """One question. `names` are OIDs as they stood on the wire, without tag and length."""

    community: bytes
    kind: int
    id: bytes
    non_repeaters: int
    max_repetitions: int
    names: list[bytes]
    version: bytes = V2C


def request(packet: bytes) -> Request:
    """The question a datagram asks.

    Raises:
        MalformedError: it is truncated, padded, of another version or asks to write.
    """
    at, end = _open(packet, 0, len(packet), SEQUENCE)
    version = packet[at : at + 3]
    if end != len(packet) or version not in {V1, V2C}:
        raise MalformedError("not one whole SNMPv1 or v2c message")
    start, stop = _open(packet, at + 3, end, OCTETS)
    community = packet[start:stop]
    if stop >= end or packet[stop] not in {GET, GETNEXT, GETBULK}:
        raise MalformedError("neither get, getnext nor getbulk")
    kind = packet[stop]
    if kind == GETBULK and version == V1:
        raise MalformedError("getbulk came with version 2")
    at, pdu_end = _open(packet, stop, end, kind)
    if pdu_end != end:
        raise MalformedError("bytes after the question")
    numbers = []
    for _ in range(3):
        start, at = _open(packet, at, end, INTEGER)
        if not 1 <= at - start <= 4:
            raise MalformedError("an integer of no or too many bytes")
        numbers.append(packet[start:at])
    skip, repeat = (int.from_bytes(number, signed=True) for number in numbers[1:])
    names = _names(packet, at, end)
    return Request(community, kind, numbers[0], max(0, skip), max(0, repeat), names, version)


def _names(packet: bytes, at: int, end: int) -> list[bytes]:
    at, stop = _open(packet, at, end, SEQUENCE)
    if stop != end:
        raise MalformedError("bytes after the names")
    names = []
    while at < end:
        inner, bind_end = _open(packet, at, end, SEQUENCE)
        start, stop = _open(packet, inner, bind_end, OID)
        if not 0 < stop - start <= _MAX_OID_BYTES or packet[stop - 1] & 0x80:
            raise MalformedError("an OID that does not end")
        if packet[stop:bind_end] != NULL:
            raise MalformedError("a question that brings a value")
        names.append(packet[start:stop])
        at = bind_end
    return names


def _open(packet: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and end; it must lie before `end`."""
    if at + 2 > end or packet[at] != tag:
        raise MalformedError("another element was due here")
    size = packet[at + 1]
    at += 2
    if size & 0x80:
        extra = size & 0x7F
        if not 1 <= extra <= 4 or at + extra > end:
            raise MalformedError("a length that cannot be")
        size = int.from_bytes(packet[at : at + extra])
        at += extra
    if at + size > end:
        raise MalformedError("longer than the datagram")
    return at, at + size


def subids(name: bytes) -> tuple[int, ...]:
    """The numbers of an OID, `1.3.6...`, from its contents on the wire.

    Raises:
        MalformedError: more than 128 numbers, or one beyond 32 bits.
    """
    numbers: list[int] = []
    value = 0
    for byte in name:
        value = value << 7 | byte & 0x7F
        if value > 0xFFFFFFFF + 80:
            raise MalformedError("a number beyond 32 bits")
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or len(numbers) >= _MAX_SUBIDS:
        raise MalformedError("an OID of no or too many numbers")
    root = min(numbers[0] // 40, 2)
    return root, numbers[0] - 40 * root, *numbers[1:]


def name(numbers: tuple[int, ...]) -> bytes:
    """An OID's contents on the wire, from its two or more numbers."""
    encoded = bytearray()
    for number in (numbers[0] * 40 + numbers[1], *numbers[2:]):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        encoded += bytes(reversed(groups))
    return bytes(encoded)


def element(tag: int, contents: bytes) -> bytes:
    """Tag, length and contents."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + contents


def number(tag: int, value: int) -> bytes:
    """A whole number of 0 and above (counters, gauges, ticks, enumerations)."""
    size = value.bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size)


def integer(value: int) -> bytes:
    """A whole number that may lie below 0, in as few bytes as it needs."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return bytes((INTEGER, size)) + value.to_bytes(size, signed=True)


def bind(oid: bytes, value: bytes) -> bytes:
    """One varbind, of an OID's contents and the whole element of its value."""
    return element(SEQUENCE, element(OID, oid) + value)


def asked_again(asked: Request) -> bytes:
    """The varbinds of a question as they came: what goes back with an error in SNMPv1."""
    return b"".join(bind(oid, NULL) for oid in asked.names)


def response(asked: Request, binds: bytes, error: int = 0, index: int = 0) -> bytes:
    """The whole answer; `binds` are the varbinds one after the other, `index` the one at fault."""
    body = (
        element(INTEGER, asked.id)
        + number(INTEGER, error)
        + number(INTEGER, index)
        + element(SEQUENCE, binds)
    )
    return element(
        SEQUENCE, asked.version + element(OCTETS, asked.community) + element(RESPONSE, body)
    )
