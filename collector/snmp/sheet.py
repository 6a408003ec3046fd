"""A question that is put again and again: encoded once, its answer read in one pass.

The pass knows which names must stand where; at the first surprise the answer is left to
`pdu.decode`, which reads whatever can be read. Whatever the pass reads, `pdu.decode` reads as
well and the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final, overload
from weakref import WeakValueDictionary

from collector.snmp import ber
from collector.snmp.pdu import GET, NO_ERROR, RESPONSE, Bind, Pdu, Value, decode, question

HOLE: Final = 0x40000000  # stands for the request-id: four bytes on the wire
_LEAST_ID: Final = 1 << 23  # a smaller one takes fewer bytes
_FINE: Final = b"\x02\x01\x00\x02\x01\x00"  # error-status and error-index of an answer


def _largest() -> bytes:
    """Tag -> bytes of its largest number, the sign's left out; 0 = no number."""
    found = bytearray(256)
    for tag in (ber.INTEGER, ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.UINTEGER32):
        found[tag] = 4
    found[ber.COUNTER64] = 8
    return bytes(found)


MOST_BYTES: Final = _largest()


def request_id() -> int:
    """One that nobody can guess and that fills the hole: from 2**23 up to 2**31."""
    while (number := secrets.randbits(31)) < _LEAST_ID:
        pass
    return number


class SurpriseError(Exception):
    """This answer is for `pdu.decode`."""


class Encoded:
    """A question that was encoded before, all but its request-id."""

    __slots__ = ("_after", "_before")

    def __init__(self, asked: bytes) -> None:
        """`asked` is the PDU, with a hole in the request-id's place."""
        hole = asked.index(ber.integer(HOLE)) + 2
        self._before, self._after = asked[:hole], asked[hole + 4 :]

    def pdu(self, number: int) -> bytes:
        """The question by this `request_id`."""
        return self._before + number.to_bytes(4) + self._after


class Sheet(Encoded, Sequence[bytes]):
    """The names of a GET, and the GET. Those who ask the same share one: see `sheet`."""

    __slots__ = ("__weakref__", "keys")

    def __init__(self, names: Sequence[bytes], asked: bytes) -> None:
        super().__init__(asked)
        # Each name with its tag and length; and from a bind's first byte to its value's tag.
        keys = [ber.element(ber.OID, name) for name in names]
        self.keys = tuple((key, len(key) + 2) for key in keys)

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [_name(key) for key, _ in self.keys[at]]
        return _name(self.keys[at][0])

    def decode(self, data: bytes, at: int, end: int) -> Pdu:
        """As `pdu.decode`; `binds` is a `Plain` where the answer is as expected.

        Raises:
            MalformedError: see there.
        """
        try:
            return self._plain(data, at, end)
        except (SurpriseError, IndexError):  # also where it is cut short
            return decode(data, at, end)

    def _plain(self, data: bytes, at: int, end: int) -> Pdu:
        """The answer when it is one number or short text for each name, in order.

        Raises:
            SurpriseError, IndexError: it is not.
        """
        answered, at = head(data, at, end)
        # Hot path: two calls a value, and no object but the value itself.
        tags, what, most, number = bytearray(), list[int | bytes](), MOST_BYTES, int.from_bytes
        for key, size in self.keys:
            here = at + size
            length = size + data[here + 1]
            if data[at + 1] != length or length > 0x7F or data[at] != 0x30:
                raise SurpriseError
            if data[at + 2 : here] != key:
                raise SurpriseError
            tag, start, at = data[here], here + 2, at + length + 2
            if tag == 0x04:
                what.append(data[start:at])
            else:
                width, widest = at - start, most[tag]
                # A zero in front keeps the sign bit free.
                if not 0 < width <= widest and (width != widest + 1 or not widest or data[start]):
                    raise SurpriseError
                if tag == 0x02 and data[start] & 0x80:
                    what.append(number(data[start:at], signed=True))
                else:
                    what.append(number(data[start:at]))
            tags.append(tag)
        if at != end:  # also where the last value was cut short
            raise SurpriseError
        return Pdu(RESPONSE, answered, NO_ERROR, 0, Plain(self, tags, what))


def head(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The request-id of an answer without error, and where its first value is.

    Raises:
        SurpriseError, IndexError: it is none, or written in another way than most do.
    """
    at = _contents(data, at, end, RESPONSE)
    if data[at : at + 2] != b"\x02\x04" or data[at + 6 : at + 12] != _FINE:
        raise SurpriseError
    answered = int.from_bytes(data[at + 2 : at + 6], signed=True)
    return answered, _contents(data, at + 12, end, ber.SEQUENCE)


def _contents(data: bytes, at: int, end: int, tag: int) -> int:
    """Where the contents of the element at `at` begin; it has this tag and fills all to `end`.

    Raises:
        SurpriseError, IndexError: it does not.
    """
    size, start = data[at + 1], at + 2
    if size == 0x82:
        size, start = data[at + 2] << 8 | data[at + 3], at + 4
    elif size == 0x81:
        size, start = data[at + 2], at + 3
    elif size > 0x7F:
        raise SurpriseError
    if data[at] != tag or start + size != end:
        raise SurpriseError
    return start


def _name(key: bytes) -> bytes:
    start, stop = ber.expect(key, 0, len(key), ber.OID)
    return key[start:stop]


class Plain(Sequence[Bind]):
    """The values of a whole answer, none of them absent, in the order they were asked.

    Attributes:
        tags: of each value. what: each number, or the bytes of a text.
    """

    __slots__ = ("sheet", "tags", "what")

    def __init__(self, sheet: Sheet, tags: bytearray, what: list[int | bytes]) -> None:
        self.sheet, self.tags, self.what = sheet, tags, what

    def __len__(self) -> int:
        return len(self.what)

    @overload
    def __getitem__(self, at: int) -> Bind: ...
    @overload
    def __getitem__(self, at: slice) -> list[Bind]: ...
    def __getitem__(self, at: int | slice) -> Bind | list[Bind]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        return Bind(self.sheet[at], self.value(at))

    def value(self, at: int) -> Value:
        return Value(self.tags[at], self.what[at])

    def by_name(self) -> Mapping[bytes, Value]:
        """As `Client.get` answers."""
        return dict(zip(self.sheet[:], map(Value, self.tags, self.what), strict=True))


_SHEETS: Final = WeakValueDictionary[bytes, Sheet]()


def sheet(names: Sequence[bytes]) -> Sheet:
    """The sheet for these names, kept as long as anybody keeps it."""
    asked = question(GET, HOLE, names)
    found = _SHEETS.get(asked)
    if found is None:
        found = _SHEETS[asked] = Sheet(names, asked)
    return found
