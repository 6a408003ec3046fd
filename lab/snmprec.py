"""What does one line of a recording say: `OID|TAG|VALUE`, as snmpsim writes it?"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from lab import ber
from lab.numeric import BOUNDS, Moving, moving

_MAX_NUMBER: Final = 0xFFFFFFFF
_MAX_SUBIDS: Final = 127
_TAG: Final = re.compile(r"(\d{1,3})(x|e)?(?::([a-z_]{1,40}))?")


def line(text: bytes) -> tuple[bytes, bytes | Moving]:
    """The OID as `sortable` puts it, and its value as a whole element or as a moving number.

    Raises:
        ValueError: it says what is wrong, and quotes no more than a few characters.
    """
    parts = text.split(b"|", 2)
    if len(parts) < 3:
        raise ValueError("no OID|TAG|VALUE")
    spelt = _TAG.fullmatch(parts[1].decode("latin-1"))
    if not spelt:
        raise ValueError(f"tag {_short(parts[1])} cannot be; such as 4, 4x, 65 or 67:numeric can")
    tag, form, module = int(spelt[1]), spelt[2], spelt[3]
    if tag not in _READERS:
        known = ", ".join(map(str, _READERS))
        raise ValueError(f"tag {tag} is no type of a value; those are {known}")
    key = sortable(_oid(parts[0]))
    value = parts[2]
    if module == "numeric" and tag in BOUNDS and not form:
        return key, moving(tag, value.decode("latin-1").strip())
    if module == "writecache" and value.startswith(b"value="):
        value = value.removeprefix(b"value=")  # nobody can write here: what it starts with stays
    elif module:
        raise ValueError(f"module {module!r} is not played here; write the value it would give")
    if form:
        return key, _of_bytes(tag, _from_hex(value) if form == "x" else _unescaped(value))
    return key, _READERS[tag](tag, value)


def sortable(oid: tuple[int, ...]) -> bytes:
    """The OID as bytes that compare as OIDs do: 0-127 in one byte, others with their size ahead."""
    key = bytearray()
    for number in oid:
        if number < 0x80:
            key.append(number)
        else:
            size = (number.bit_length() + 7) // 8
            key.append(0x80 + size)
            key += number.to_bytes(size)
    return bytes(key)


def numbers(key: bytes) -> tuple[int, ...]:
    """The OID again, of what `sortable` made."""
    oid, at = [], 0
    while at < len(key):
        first = key[at]
        size = first - 0x80 if first > 0x80 else 0
        oid.append(int.from_bytes(key[at + 1 : at + 1 + size]) if size else first)
        at += 1 + size
    return tuple(oid)


def _oid(text: bytes) -> tuple[int, ...]:
    parts = text.removeprefix(b".").split(b".")
    if not 2 <= len(parts) <= _MAX_SUBIDS or not all(p.isdigit() and len(p) < 11 for p in parts):
        raise ValueError(f"{_short(text)} is no OID")
    oid = tuple(map(int, parts))
    if max(oid) > _MAX_NUMBER or oid[0] > 2 or (oid[0] < 2 and oid[1] > 39):
        raise ValueError(f"{_short(text)} is no OID")
    return oid


def _whole(tag: int, value: bytes) -> bytes:
    text, (low, high) = value.strip(), BOUNDS[tag]
    if not re.fullmatch(rb"-?\d{1,20}", text):
        raise ValueError(f"{_short(value)} is no whole number")
    number = int(text)
    if not low <= number <= high:
        raise ValueError(f"{_short(value)} lies outside {low}..{high}, the range of tag {tag}")
    return ber.integer(number) if tag == ber.INTEGER else ber.number(tag, number)


def _text(tag: int, value: bytes) -> bytes:
    return ber.element(tag, value)


def _nothing(_tag: int, value: bytes) -> bytes:
    if value:
        raise ValueError("a null that has a value")
    return ber.NULL


def _name(tag: int, value: bytes) -> bytes:
    return ber.element(tag, ber.name(_oid(value.strip())))


def _address(tag: int, value: bytes) -> bytes:
    if len(value) == 4:  # snmpsim writes bytes as they are where all are letters or digits
        return ber.element(tag, value)
    try:
        return ber.element(tag, IPv4Address(value.decode("latin-1").strip()).packed)
    except ValueError:
        raise ValueError(f"{_short(value)} is no IPv4 address") from None


_READERS: Final[dict[int, Callable[[int, bytes], bytes]]] = {
    ber.INTEGER: _whole,
    ber.OCTETS: _text,
    0x05: _nothing,
    ber.OID: _name,
    ber.IP_ADDRESS: _address,
    ber.COUNTER32: _whole,
    ber.GAUGE32: _whole,
    ber.TIMETICKS: _whole,
    ber.OPAQUE: _text,
    ber.COUNTER64: _whole,
}


def _of_bytes(tag: int, value: bytes) -> bytes:
    """What was written as bytes is a text, or an address of four of them."""
    if tag not in {ber.OCTETS, ber.OPAQUE} and (tag, len(value)) != (ber.IP_ADDRESS, 4):
        raise ValueError(f"{len(value)} bytes are no value of tag {tag}")
    return ber.element(tag, value)


def _from_hex(value: bytes) -> bytes:
    text = value.decode("latin-1").strip()
    try:
        return bytes.fromhex(text + "0" * (len(text) % 2))  # as snmpsim reads an odd number
    except ValueError:
        raise ValueError(f"{_short(value)} is not hexadecimal") from None


def _unescaped(value: bytes) -> bytes:
    r"""`\x00`, `\n`, `\\` and `\"` as Python writes them."""
    escape = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
    return escape.sub(
        lambda m: bytes.fromhex(m[1].decode()) if m[1] else plain.get(m[2], m[2]), value
    )


def _short(value: bytes) -> str:
    return repr(value[:40].decode("utf-8", "replace"))
