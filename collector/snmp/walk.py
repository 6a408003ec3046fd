"""Which rows has a table: several columns walked side by side, by an agent that may go in circles.

Pure: says what to ask next and takes what was answered; nothing in here waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from collector.snmp import ber
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import Bind, Value

MOST_ROWS: Final = 4096
_MOST_TEXT: Final = 1024  # bytes of one text that are kept


class Walk:
    """The columns of one table, each an OID prefix; rows are told by a single number, as ifIndex.

    Attributes:
        rows: column -> index -> value.
        circling: an agent's answer did not go forward: what comes after it is not asked for.
    """

    def __init__(self, columns: Sequence[bytes]) -> None:
        self.rows: dict[bytes, dict[int, Value]] = {column: {} for column in columns}
        self._last: dict[bytes, int] = dict.fromkeys(columns, -1)
        self._open = list(columns)
        self.circling = False

    @property
    def asks(self) -> list[bytes]:
        """The names to give to GETNEXT or GETBULK now, one for each column that goes on."""
        return [self._name(column) for column in self._open]

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
        going = [
            column
            for place, column in enumerate(asked)
            if self._column(column, binds[place :: len(asked)])
        ]
        cut_off = asked[len(binds) :] if binds and not self.circling else []
        self._open = cut_off + going + self._open[len(asked) :]

    def _column(self, column: bytes, binds: Sequence[Bind]) -> bool:
        """Take what was answered for one column; whether it goes on."""
        for name, value in binds:
            if value.absent or not name.startswith(column):
                return False
            try:
                numbers = ber.numbers_of(name[len(column) :])
            except MalformedError:
                numbers = ()
            if len(numbers) != 1 or numbers[0] <= self._last[column]:
                self.circling = True
                return False
            if len(self.rows[column]) >= MOST_ROWS:
                return False
            self._last[column] = numbers[0]
            self.rows[column][numbers[0]] = _kept(value)
        return bool(binds)

    def _name(self, column: bytes) -> bytes:
        last = self._last[column]
        return column if last < 0 else column + ber.oid_of(last)


def _kept(value: Value) -> Value:
    if isinstance(value.what, bytes) and len(value.what) > _MOST_TEXT:
        return Value(value.tag, value.what[:_MOST_TEXT])
    return value
