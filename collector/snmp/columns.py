"""From the values of a device to columns of a frame; the same as `collector.rows` makes of them.

What depends on names and types alone is settled once, for all devices that have these in common:
which values a column is made of, whether their types will do, and how wide the octets are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.mibs import UNKNOWN, Column, Mib, Source
from collector.snmp import ber
from collector.snmp.pdu import Value
from collector.snmp.sheet import Sheet
from collector.values import COUNTERS, number_of, value_of
from edunet.frame import Reason, type_of

What = Sequence[Any]
"""The values of all answers of a device: each a number, or the bytes of a text."""
Gather = Callable[[What], tuple[Any, ...]]


class Rows(NamedTuple):
    """What some devices have in common: the table, their questions, the indexes (as on the wire)
    asked by each, the types."""

    table: Mib
    sheets: tuple[Sheet, ...]
    indexes: tuple[tuple[bytes, ...], ...]
    tags: bytes


class _Part(NamedTuple):
    """One source of a column, and the rows that have it.

    Attributes:
        rows: intp[n], which they are. first: bool[n], whether it is the first source they have.
        gather: takes their values from all values. tags: the types they come with.
        typed: whether the source may be of all these types.
    """

    source: Source
    rows: npt.NDArray[np.intp]
    first: npt.NDArray[np.bool_]
    gather: Gather
    tags: bytes
    typed: bool


class Columns:
    """The columns of these rows.

    Attributes:
        kind: of their frame.
        tags: the types of all values. count: of the rows. sheet: of each row, which one asks it.
        names: takes what tells whose the rows are from all values.
        scalars: name -> where it stands among all values. uptimes: where sysUpTime does, by sheet.
    """

    def __init__(self, rows: Rows) -> None:
        """Raises ValueError when they are not for columns: octets of no or of several sources."""
        table = rows.table
        self.kind, self.tags = table.kind, rows.tags
        self._wide = table.wide
        places: list[dict[bytes, int]] = []
        base = 0
        for sheet in rows.sheets:
            places.append({name: base + at for at, name in enumerate(sheet)})
            base += len(sheet)
        rowed = [
            (places[number], index)
            for number, indexes in enumerate(rows.indexes)
            for index in indexes
        ]
        self.count = len(rowed)
        self.sheet = [number for number, some in enumerate(rows.indexes) for _ in some]
        oids = {name: ber.oid(oid) for name, oid in table.scalars.items()}
        self.scalars = {name: places[0][oid] for name, oid in oids.items() if oid in places[0]}
        self.uptimes = [at[oids["sysUpTime"]] for at in places if oids["sysUpTime"] in at]
        identity = [ber.oid(oid) for oid in table.identity.values()]
        self.names = _gather([at[o + row] for at, row in rowed for o in identity if o + row in at])
        self._columns = {
            name: (column, list(_parts(column, rowed, self.tags)))
            for name, column in table.columns.items()
        }
        widths = [self._widths(*self._columns[name]) for name in self._wide]
        self._bits = reduce(np.minimum, widths, np.full(self.count, 64, np.int16))
        self._narrow = bool((self._bits < 64).any())
        if len(self.uptimes) != len(rows.sheets):
            raise ValueError("an answer without sysUpTime")

    def made(self, what: What) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.uint8]]]:
        """The columns of a frame, and the reasons, made of all values."""
        columns: dict[str, Any] = {"bits": self._bits} if self._wide else {}
        reasons: dict[str, npt.NDArray[np.uint8]] = {}
        for name, (column, parts) in self._columns.items():
            if column.seldom and not parts:
                continue
            value, reason = self._column(column, parts, what)
            if column.seldom and (reason == Reason.MISSING).all():
                continue
            if self._narrow and name in self._wide:
                value = np.where(self._bits < 64, value & np.uint64(0xFFFFFFFF), value)
            columns[name], reasons[name] = value, reason
        return columns, reasons

    def _column(
        self, column: Column, parts: Sequence[_Part], what: What
    ) -> tuple[Any, npt.NDArray[np.uint8]]:
        """Of each row the first good value, else why its first source has none."""
        if len(parts) == 1 and len(parts[0].rows) == self.count:
            return _held(parts[0], column, what)
        value = np.full(self.count, UNKNOWN[column.type], type_of[column.type])
        reason = np.full(self.count, Reason.MISSING, np.uint8)
        for part in parts:
            found, why = _held(part, column, what)
            better = (why == Reason.GOOD) & (reason[part.rows] != Reason.GOOD)
            take = part.first | better
            value[part.rows[take]], reason[part.rows[take]] = found[take], why[take]
        return value, reason

    def _widths(self, column: Column, parts: Sequence[_Part]) -> npt.NDArray[np.int16]:
        """int16[count]: how wide the octets of each row are."""
        found = np.zeros(self.count, np.int16)
        for part in parts:
            if not part.typed or not part.first.all():
                raise ValueError("octets that are not plain")
            bits = [min(part.source.bits, COUNTERS[tag]) for tag in part.tags]
            found[part.rows] = bits
        if not found.all():
            raise ValueError("rows without octets")
        return found


def _held(part: _Part, column: Column, what: What) -> tuple[Any, npt.NDArray[np.uint8]]:
    """The values of a source as the column holds them, and the reasons."""
    found, source = part.gather(what), part.source
    least, most = column.range(source)
    fits = part.typed and least <= min(found) and max(found) <= most
    if fits and not any(none in found for none in source.unknown):
        held = np.array(found, type_of[column.type])
        return held if source.scale == 1 else held * source.scale, np.zeros(len(found), np.uint8)
    pairs = [
        value_of(Value(tag, each), source, column)
        for tag, each in zip(part.tags, found, strict=True)
    ]
    return (
        np.array([value for value, _ in pairs], type_of[column.type]),
        np.array([reason for _, reason in pairs], np.uint8),
    )


def _parts(
    column: Column, rowed: Sequence[tuple[dict[bytes, int], bytes]], tags: bytes
) -> Iterator[_Part]:
    had: set[int] = set()
    for source in column.sources:
        found = [
            (number, places[source.prefix + row])
            for number, (places, row) in enumerate(rowed)
            if source.prefix + row in places
        ]
        if not found:
            continue
        rows = [number for number, _ in found]
        at = [place for _, place in found]
        theirs = bytes(tags[each] for each in at)
        yield _Part(
            source,
            np.array(rows, np.intp),
            np.array([number not in had for number in rows], bool),
            _gather(at),
            theirs,
            all(_may_be(source, tag) for tag in set(theirs)),
        )
        had.update(rows)


def _may_be(source: Source, tag: int) -> bool:
    return number_of(Value(tag, 0), counter=source.kind == "counter") is not None


def _gather(at: Sequence[int]) -> Gather:
    """Takes the values at these places."""
    if len(at) == 1:
        only = at[0]
        return lambda what: (what[only],)
    return itemgetter(*at) if at else lambda _: ()
