"""Which rows has a table of a device, whatever it is indexed by, and what are they called?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from collector.mibs import Mib
from collector.snmp import ber
from collector.snmp.client import Client, RefusedError
from collector.snmp.pdu import GETBULK, GETNEXT, NO_SUCH_NAME, Bind, Value
from collector.snmp.wire import NoAnswerError
from collector.transports import Row
from collector.values import text
from edunet.errors import ProbeError
from edunet.inventory.model import Device

_TABLE_S: Final = 20.0
_ROWS_A_PDU: Final = 24
_MOST_ROWS: Final = 4096
_MOST_NUMBERS: Final = 32  # of an index

Index = tuple[int, ...]


class Indexes:
    """The rows of one table of one device, column after column.

    A row is there when a source of the table's first column is: the others have the same rows.
    `modest`: the agent is not to be asked by GETBULK.
    """

    def __init__(self, client: Client, device: Device, table: Mib, *, modest: bool) -> None:
        self._client, self._device, self._table = client, device, table
        self._modest = modest or client.version(device) == "1"

    async def rows(self, slot: Callable[[str], int]) -> tuple[Row, ...]:
        """The rows in the order of their indexes; `slot` answers which series a name is.

        A row is called as the device calls it when it calls no other so, else by its index.

        Raises:
            ProbeError: no answer, or not all of it.
        """
        first = next(iter(self._table.columns.values()))
        name = self._table.identity.get("name")
        try:
            async with asyncio.timeout(_TABLE_S):
                found = {i for s in first.sources for i in await self._column(s.prefix)}
                said = await self._column(ber.oid(name)) if found and name else {}
        except TimeoutError:
            raise ProbeError(f"not done within {_TABLE_S:g} s") from None
        return _called(sorted(found)[:_MOST_ROWS], said, slot)

    async def _column(self, column: bytes) -> Mapping[Index, Value]:
        """Index -> value of each row; ends where an agent does not go forward."""
        found: dict[Index, Value] = {}
        last: Index = ()
        while len(found) < _MOST_ROWS:
            binds = await self._next(column + ber.oid_of(*last))
            for bind in binds:
                index = _index(bind, column)
                if index is None or index <= last:
                    return found
                found[index], last = bind.value, index
            if not binds:
                break
        return found

    async def _next(self, name: bytes) -> Sequence[Bind]:
        """What comes after this name, none at the end.

        Raises:
            ProbeError: no answer, or an error.
        """
        while True:
            kind, repeat = (GETNEXT, 0) if self._modest else (GETBULK, _ROWS_A_PDU)
            try:
                answer = await self._client.put(self._device, kind, [name], repeat=repeat)
            except NoAnswerError:
                if self._modest:
                    raise
                self._modest = True  # some agents never answer a GETBULK
                continue
            if not answer.status or answer.status == NO_SUCH_NAME:  # so version 1 ends
                return () if answer.status else answer.binds
            if self._modest:
                raise RefusedError(answer)
            self._modest = True


def _index(bind: Bind, column: bytes) -> Index | None:
    """The index of a row of this column; None of anything else."""
    if bind.value.absent or not bind.name.startswith(column):
        return None
    try:
        numbers = ber.numbers_of(bind.name[len(column) :])
    except ber.MalformedError:
        return None
    return numbers if 0 < len(numbers) <= _MOST_NUMBERS else None


def _called(
    indexes: Sequence[Index], said: Mapping[Index, Value], slot: Callable[[str], int]
) -> tuple[Row, ...]:
    words = {index: text(said.get(index)) for index in indexes}
    often = Counter(words.values())
    rows: dict[str, Row] = {}
    for index, word in words.items():
        number = ".".join(map(str, index))
        name = word if word and often[word] == 1 else number
        while name in rows:  # an agent may call one row as we call another
            name = f"{number} ({name})"
        rows[name] = Row(index, word, name, slot(name))
    return tuple(rows.values())
