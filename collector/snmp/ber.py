"""How are numbers, texts and names written as bytes, and read back from bytes nobody vouches for?

BER of X.690 as far as SNMP uses it (RFC 3417 section 8): one-byte tags, definite lengths.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
SEQUENCE: Final = 0x30
IP_ADDRESS: Final = 0x40
COUNTER32: Final = 0x41
GAUGE32: Final = 0x42
TIMETICKS: Final = 0x43
OPAQUE: Final = 0x44
COUNTER64: Final = 0x46
UINTEGER32: Final = 0x47  # RFC 1442; a few old agents still say it
NO_SUCH_OBJECT: Final = 0x80
NO_SUCH_INSTANCE: Final = 0x81
END_OF_MIB_VIEW: Final = 0x82

_MOST_OID_BYTES: Final = 5 * 128  # RFC 3416: 128 numbers of 32 bits


class MalformedError(ValueError):
    """The bytes are not what the standard says; why, in a few words."""


def element(tag: int, contents: bytes) -> bytes:
    """Tag, length and contents."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + contents


def integer(value: int) -> bytes:
    """An INTEGER, as short as it can be."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return element(INTEGER, value.to_bytes(size, signed=True))


def octets(value: bytes) -> bytes:
    return element(OCTETS, value)


def read(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag of the element at `at`, and where its contents begin and stop; all of it before `end`.

    Raises:
        MalformedError: it is cut short, or its length is none.
    """
    if at + 2 > end:
        raise MalformedError("cut short")
    size = data[at + 1]
    start = at + 2
    if size & 0x80:
        width = size & 0x7F
        if not 1 <= width <= 4:
            raise MalformedError("a length that cannot be")
        start += width
        if start > end:
            raise MalformedError("cut short")
        size = int.from_bytes(data[start - width : start])
    if start + size > end:
        raise MalformedError("longer than the datagram")
    return data[at], start, start + size


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and stop; it must be of this tag.

    Raises:
        MalformedError: it is another one, or broken.
    """
    found, start, stop = read(data, at, end)
    if found != tag:
        raise MalformedError(f"tag {found:#x} where {tag:#x} was due")
    return start, stop


def number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at` and where the next element begins; at most 32 bits.

    Raises:
        MalformedError: it is none.
    """
    start, stop = expect(data, at, end, INTEGER)
    return signed(data[start:stop]), stop


def signed(contents: bytes) -> int:
    """The contents of an INTEGER.

    Raises:
        MalformedError: no byte, or more than 32 bits need.
    """
    if not 1 <= len(contents) <= 5 or (len(contents) == 5 and contents[0] not in {0, 0xFF}):
        raise MalformedError("an integer of no or too many bytes")
    return int.from_bytes(contents, signed=True)


def unsigned(contents: bytes, bits: int) -> int:
    """The contents of a counter, gauge or ticks of so many bits.

    A leading zero byte may be missing: agents forget it, and none of these can be negative.

    Raises:
        MalformedError: no byte, or too many.
    """
    whole = bits // 8
    if not 1 <= len(contents) <= whole + 1 or (len(contents) > whole and contents[0]):
        raise MalformedError(f"a number of no byte or of more than {bits} bits")
    return int.from_bytes(contents)


@lru_cache(maxsize=65_536)
def oid(dotted: str) -> bytes:
    """The contents of an OID written `1.3.6.1...`.

    Raises:
        ValueError: it is none.
    """
    numbers = [int(part) for part in dotted.split(".")]
    rooted = len(numbers) > 1 and ((numbers[0] < 2 and numbers[1] < 40) or numbers[0] == 2)
    if not rooted or min(numbers) < 0:
        raise ValueError(f"{dotted[:80]!r} is no OID")
    return oid_of(numbers[0] * 40 + numbers[1], *numbers[2:])


def oid_of(*numbers: int) -> bytes:
    """The contents of these numbers, each in base 128; also of the tail of an OID."""
    encoded = bytearray()
    for each in numbers:
        if not 0 <= each < 1 << 32:
            raise ValueError(f"{each} is no number of an OID")
        groups = [each & 0x7F]
        while each := each >> 7:
            groups.append(each & 0x7F | 0x80)
        encoded += bytes(reversed(groups))
    return bytes(encoded)


def numbers_of(contents: bytes) -> tuple[int, ...]:
    """The numbers of a part of an OID, each from base 128.

    Raises:
        MalformedError: it does not end, or a number is beyond 32 bits.
    """
    found: list[int] = []
    value = 0
    for byte in contents[:_MOST_OID_BYTES]:
        value = value << 7 | byte & 0x7F
        if value >= 1 << 32:
            raise MalformedError("a number beyond 32 bits in an OID")
        if not byte & 0x80:
            found.append(value)
            value = 0
    if len(contents) > _MOST_OID_BYTES or (contents and contents[-1] & 0x80):
        raise MalformedError("an OID that does not end")
    return tuple(found)


def dotted(contents: bytes) -> str:
    """An OID as people write it.

    Raises:
        MalformedError: it is none.
    """
    numbers = numbers_of(contents)
    if not numbers:
        raise MalformedError("an empty OID")
    root = min(numbers[0] // 40, 2)
    return ".".join(map(str, (root, numbers[0] - 40 * root, *numbers[1:])))
