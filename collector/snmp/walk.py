"""Which rows has a table: several columns walked side by side, by an agent that may go in circles.

Pure: says what to ask next and takes what was answered; nothing in here waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.snmp import ber
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import Bind, Value
from collector.snmp.sweep import Sweep, Swept, sweep

MOST_ROWS: Final = 4096
_MOST_TEXT: Final = 1024  # bytes of one text that are kept
_VALUES: Final = 48  # in the first answer, whose size nobody knows yet
_MOST_OCTETS: Final = 1250  # of the values of an answer: with its headers it fits into one packet


class Column(NamedTuple):
    """The values of one object: by row the tag, and the number or the bytes.

    Numbers and bytes in plain dicts: the garbage collector need not look at them, however many
    walks are under way.
    """

    tags: dict[int, int]
    what: dict[int, int | bytes]

    def value(self, row: int) -> Value | None:
        return Value(self.tags[row], self.what[row]) if row in self.what else None


class Walk:
    """The columns of one table, each an OID prefix; rows are told by a single number, as ifIndex.

    Attributes:
        columns: what was answered, by prefix.
        circling: an agent's answer did not go forward: what comes after it is not asked for.
    """

    def __init__(self, columns: Sequence[bytes], expected: int = 0) -> None:
        """`expected`: about so many rows, when that is known."""
        self.columns = {column: Column({}, {}) for column in columns}
        self._last: dict[bytes, int] = dict.fromkeys(columns, -1)
        self._open = list(columns)
        self._expected = expected
        self._octets, self._values = _MOST_OCTETS, _VALUES  # of the answer before
        self.circling = False

    @property
    def goes_on(self) -> bool:
        return bool(self._open)

    @property
    def asks(self) -> list[bytes]:
        """The names to give to GETNEXT now, one for each column that goes on."""
        return [self._name(column) for column in self._open]

    def sweep(self) -> Sweep:
        """All that goes on, by GETBULK.

        As many rows at once as fit into one packet, by the size of the answer before; and no more
        than are expected, with the one that ends them.
        """
        repeat = max(1, _MOST_OCTETS * self._values // self._octets // len(self._open))
        missing = self._expected - len(self.columns[self._open[0]].what)
        if self._expected and missing >= 0:
            repeat = min(repeat, missing + 1)
        return sweep(tuple(self._open), tuple(self._last[column] for column in self._open), repeat)

    def end(self, place: int) -> None:
        """The column at this place of `asks` has no more rows (SNMPv1 says so by an error)."""
        del self._open[place]

    def take(self, binds: Sequence[Bind], asked_for: int | None = None) -> None:
        """Take an answer: one value for each name asked, the whole repeated, the rest cut off.

        A column ends where its prefix does, where the agent says so, where it does not go
        forward, or when nothing at all was answered; one the answer was cut off before waits,
        unless the agent goes in circles. `asked_for`: only the first so many names of `asks`
        were asked, the other columns wait.
        """
        asked = self._open[:asked_for]
        if isinstance(binds, Swept) and self._room(asked, binds):
            going = self._swept(asked, binds)
        else:
            going = [
                column
                for place, column in enumerate(asked)
                if self._column(column, binds[place :: len(asked)])
            ]
        cut_off = asked[len(binds) :] if binds and not self.circling else []
        self._open = cut_off + going + self._open[len(asked) :]

    def _room(self, asked: Sequence[bytes], binds: Swept) -> bool:
        rows = zip(asked, binds.parts, strict=True)
        return all(len(self.columns[c].what) + len(part.rows) <= MOST_ROWS for c, part in rows)

    def _swept(self, asked: Sequence[bytes], binds: Swept) -> list[bytes]:
        """Take what was answered to a sweep; the columns that go on."""
        self._octets, self._values = binds.octets, len(binds)
        for name, part in zip(asked, binds.parts, strict=True):
            if part.rows:
                self._last[name] = part.rows[-1]
                self.columns[name].tags.update(zip(part.rows, part.tags, strict=True))
                self.columns[name].what.update(zip(part.rows, part.what, strict=True))
        return [name for name, part in zip(asked, binds.parts, strict=True) if part.goes_on]

    def _column(self, column: bytes, binds: Sequence[Bind]) -> bool:
        """Take what was answered for one column; whether it goes on."""
        tags, what = self.columns[column]
        for name, value in binds:
            if value.what is None or not name.startswith(column):
                return False
            try:
                numbers = ber.numbers_of(name[len(column) :])
            except MalformedError:
                numbers = ()
            if len(numbers) != 1 or numbers[0] <= self._last[column]:
                self.circling = True
                return False
            if len(what) >= MOST_ROWS:
                return False
            row = self._last[column] = numbers[0]
            tags[row], what[row] = value.tag, _kept(value.what)
        return bool(binds)

    def _name(self, column: bytes) -> bytes:
        last = self._last[column]
        return column if last < 0 else column + ber.oid_of(last)


def _kept(what: int | bytes) -> int | bytes:
    return what[:_MOST_TEXT] if isinstance(what, bytes) else what
