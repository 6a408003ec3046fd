"""Several columns of a table, asked together by GETBULK: encoded once, the answer read in one pass.

As a `Sheet` for names that are known beforehand: the pass takes rows that go forward, each value a
number or a short text; at the first surprise the answer is left to `pdu.decode`. Whatever the pass
reads, a `Walk` makes the same of as of what `pdu.decode` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, overload

from collector.snmp import ber
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import GETBULK, NO_ERROR, RESPONSE, Bind, Pdu, decode, question
from collector.snmp.sheet import HOLE, MOST_BYTES, Encoded, SurpriseError, head

_MOST_BINDS: Final = 4096  # as `pdu.decode`: more are for it to refuse


class Part(NamedTuple):
    """What was answered of one column: its rows, the tag and the value of each.

    `goes_on`: nothing was answered that is not of the column. Not so where nothing was answered.
    """

    rows: list[int]
    tags: bytearray
    what: list[int | bytes]
    goes_on: bool


class Sweep(Encoded, Sequence[bytes]):
    """The names of a GETBULK, and the GETBULK: see `sweep`."""

    __slots__ = ("_columns", "_lasts", "_names")

    def __init__(self, columns: Sequence[bytes], lasts: Sequence[int], repeat: int) -> None:
        """The rows after `lasts` (-1: from the first) of each column, so many of each."""
        self._names = [
            column if last < 0 else column + ber.oid_of(last)
            for column, last in zip(columns, lasts, strict=True)
        ]
        super().__init__(question(GETBULK, HOLE, self._names, 0, repeat))
        self._columns, self._lasts = columns, lasts

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        return self._names[at]

    def decode(self, data: bytes, at: int, end: int) -> Pdu:
        """As `pdu.decode`; `binds` is a `Swept` where the answer is as expected.

        Raises:
            MalformedError: see there.
        """
        try:
            answered, first = head(data, at, end)
            parts, count = self._parts(data, first, end)
        except (SurpriseError, MalformedError, IndexError):  # also where it is cut short
            return decode(data, at, end)
        return Pdu(RESPONSE, answered, NO_ERROR, 0, Swept(parts, count, data[at:end], end - first))

    def _parts(self, data: bytes, at: int, end: int) -> tuple[list[Part], int]:
        """What was answered of each column, and how many values in all.

        Raises:
            SurpriseError, MalformedError, IndexError: something else.
        """
        binds, width = _binds(data, at, end), len(self._columns)
        if not 0 < len(binds) <= _MOST_BINDS:
            raise SurpriseError
        columns = zip(self._columns, self._lasts, strict=True)
        return [
            _part(data, binds[place::width], column, last)
            for place, (column, last) in enumerate(columns)
        ], len(binds)


def _binds(data: bytes, at: int, end: int) -> list[int]:
    """Where each bind begins.

    Raises:
        SurpriseError, IndexError: one is broken, or has a length of more than one byte.
    """
    found = []
    while at < end:
        found.append(at)
        length = data[at + 1]
        tag = at + 4 + data[at + 3]
        if data[at] != 0x30 or data[at + 2] != 0x06 or length > 0x7F:
            raise SurpriseError
        at += 2 + length
        if tag + 2 + data[tag + 1] != at:
            raise SurpriseError
    if at != end:  # the last one is cut short
        raise SurpriseError
    return found


def _part(data: bytes, binds: Sequence[int], column: bytes, last: int) -> Part:
    """What these binds say of a column, up to where it ends; its rows come after the last one.

    Raises:
        SurpriseError, MalformedError: rows that do not go forward, or values of other kinds.
    """
    # Hot path: no call but for the number, and no object but the value itself.
    part, size = Part([], bytearray(), [], bool(binds)), len(column) + 4
    rows, tags, what, most, number = *part[:3], MOST_BYTES, int.from_bytes
    for at in binds:
        begin, tag_at, end = at + size, at + 4 + data[at + 3], at + 2 + data[at + 1]
        tag, start = data[tag_at], tag_at + 2
        if data[at + 4 : begin] != column or begin > tag_at or 0x80 <= tag <= 0x82:
            return part._replace(goes_on=False)
        row = data[begin]
        if row > 0x7F or begin + 1 != tag_at:
            row = _row(data[begin:tag_at])
        if row <= last:
            raise SurpriseError
        if tag == 0x04:
            what.append(data[start:end])
        else:
            width, widest = end - start, most[tag]
            # A zero in front keeps the sign bit free.
            spare = width == widest + 1 and widest and not data[start]
            if not (0 < width <= widest or spare) or (tag == 0x02 and data[start] & 0x80):
                raise SurpriseError
            what.append(number(data[start:end]))
        rows.append(row)
        tags.append(tag)
        last = row
    return part


def _row(name: bytes) -> int:
    """The only number of the end of a name.

    Raises:
        SurpriseError, MalformedError: it is not one.
    """
    numbers = ber.numbers_of(name)
    if len(numbers) != 1:
        raise SurpriseError
    return numbers[0]


class Swept(Sequence[Bind]):
    """An answer to a `Sweep`: one value for each name, the whole repeated, the rest cut off.

    Attributes:
        parts: what it says, by column. octets: of all values with their names.
    """

    __slots__ = ("_count", "_pdu", "octets", "parts")

    def __init__(self, parts: list[Part], count: int, pdu: bytes, octets: int) -> None:
        self.parts, self._count, self._pdu, self.octets = parts, count, pdu, octets

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Bind: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Bind]: ...
    def __getitem__(self, at: int | slice) -> Bind | Sequence[Bind]:
        return decode(self._pdu, 0, len(self._pdu)).binds[at]


@lru_cache(maxsize=4096)
def sweep(columns: tuple[bytes, ...], lasts: tuple[int, ...], repeat: int) -> Sweep:
    """Switches of one model are walked by the same questions."""
    return Sweep(columns, lasts, repeat)
