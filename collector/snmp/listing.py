"""Who is a device, which interfaces does it have, and which objects does it have of each?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import Final

from collector.mibs import Mib
from collector.snmp import ber
from collector.snmp.client import Client, RefusedError
from collector.snmp.pdu import GETBULK, GETNEXT, NO_SUCH_NAME, Pdu, Value
from collector.snmp.walk import MOST_ROWS, Column, Walk
from collector.snmp.wire import NoAnswerError
from collector.transports import Found, Listed, UnlistedError
from collector.values import mac_of, number_of, text
from edunet.errors import ProbeError
from edunet.inventory.model import Device

_TABLE_S: Final = 20.0  # for one table; what is not there by then is told as missing
_CLEARLY: Final = 100_000  # octets: a counter in motion may differ a little from its own low half

_WIDE: Final = ("ifHCInOctets", "ifHCOutOctets")
_NARROW: Final = ("ifInOctets", "ifOutOctets")
_COUNTED: Final = frozenset((*_WIDE, *_NARROW))
_WEIGHED: Final = (*_WIDE, *_NARROW, "ifHighSpeed")

Columns = Mapping[bytes, Column]


class Lister:
    """Remembers how modestly each agent must be walked: by GETBULK, by GETNEXT, name by name.

    What it refused it will refuse again; what was silent may only have been lost, and is tried
    again when it is listed anew.
    """

    def __init__(self, client: Client, table: Mib) -> None:
        self._client, self._mib = client, table
        self._modesty: dict[str, int] = {}
        self._silent: set[str] = set()  # those who refused nothing
        self._sources = [(s.object, s.prefix) for s in table.sources()]
        identity = [ber.oid(oid) for oid in table.identity.values()]
        names = (*identity, *(prefix for _, prefix in self._sources))
        self._columns = {t: [n for n in names if table.table(n) == t] for t in table.tables}
        # A province has few different ones.
        self._skips: dict[tuple[frozenset[str], bool, bool], frozenset[str]] = {}

    def modest(self, device: Device) -> bool:
        """Whether it is not to be asked by GETBULK."""
        return self._modesty.get(device.id, 0) > 0

    async def found(self, device: Device) -> Found:
        """Ask everything; a table that fails is named and the others are kept.

        Raises:
            UnlistedError: it answers, and no interface could be listed.
            ProbeError: it does not answer.
        """
        if device.id in self._silent:
            self._silent.discard(device.id)
            self._modesty.pop(device.id, None)
        scalars = {**self._mib.system, **self._mib.scalars}
        told = await self._client.get(device, [ber.oid(oid) for oid in scalars.values()])
        said = {name: told.get(ber.oid(oid)) for name, oid in scalars.items()}
        columns: dict[bytes, Column] = {}
        silent: dict[str, str] = {}
        for table in self._mib.tables:
            expected = max((len(column.what) for column in columns.values()), default=0)
            walk = Walk(self._columns[table], expected)
            try:
                async with asyncio.timeout(_TABLE_S):
                    await self._walk(device, walk)
            except (ProbeError, TimeoutError) as error:
                silent[table] = str(error) or f"not done within {_TABLE_S:g} s"
            columns |= walk.columns
        listed = self._listed(columns)
        failed = tuple(f"{table}: {why}" for table, why in silent.items())
        if failed and not listed:
            raise UnlistedError(f"walk of {'; '.join(failed)}")
        uptime = number_of(said["sysUpTime"])
        return Found(
            descr=text(said["sysDescr"]),
            object_id=_object_id(said["sysObjectID"]),
            name=text(said["sysName"]),
            uptime=uptime or 0,
            interfaces=listed,
            lacks=tuple(
                table
                for table in self._mib.tables
                if table not in silent and not self._has(table, columns)
            ),
            silent=failed,
            changed=number_of(said["ifTableLastChange"]),
            engine=number_of(said["snmpEngineBoots"]) is not None,
        )

    def _has(self, table: str, columns: Columns) -> bool:
        return any(columns[name].what for name in self._columns[table])

    async def _walk(self, device: Device, walk: Walk) -> None:
        """Walk to the end; an agent that fails at one way is walked more modestly from there on."""
        if self._client.version(device) == "1":
            self._modesty[device.id] = max(1, self._modesty.get(device.id, 0))
        while walk.goes_on:
            modesty = self._modesty.get(device.id, 0)
            try:
                await self._step(device, walk, modesty)
            except RefusedError:
                if modesty == 2:  # one name by GETNEXT: nothing asks less
                    raise
                self._modesty[device.id] = modesty + 1
                self._silent.discard(device.id)
            except NoAnswerError:
                if modesty:
                    raise
                self._modesty[device.id] = 1  # some agents never answer a GETBULK
                self._silent.add(device.id)

    async def _step(self, device: Device, walk: Walk, modesty: int) -> None:
        asks: Sequence[bytes]
        if modesty == 0:
            asks = walk.sweep()
            answer = await self._client.put(device, GETBULK, asks)
            if not answer.status and not answer.binds:
                raise RefusedError(answer)
        else:
            asks = walk.asks if modesty == 1 else walk.asks[:1]
            answer = await self._client.put(device, GETNEXT, asks)
        self._take(walk, asks, answer)

    def _take(self, walk: Walk, asks: Sequence[bytes], answer: Pdu) -> None:
        if answer.status == NO_SUCH_NAME and 1 <= answer.place <= len(asks):
            walk.end(answer.place - 1)
        elif answer.status:
            raise RefusedError(answer)
        else:
            walk.take(answer.binds, len(asks))

    def _listed(self, columns: Columns) -> tuple[Listed, ...]:
        name, descr, alias, mac = (
            columns[ber.oid(self._mib.identity[each])] for each in ("name", "descr", "alias", "mac")
        )
        rows = sorted(name.what.keys() | descr.what.keys())[:MOST_ROWS]
        partly = [
            (what, columns[prefix].what)
            for what, prefix in self._sources
            if not columns[prefix].what.keys() >= set(rows)
        ]
        counted = {each: columns[prefix] for each, prefix in self._sources if each in _WEIGHED}
        return tuple(
            Listed(
                row,
                text(name.value(row)),
                text(alias.value(row)),
                text(descr.value(row)),
                mac_of(mac.value(row)),
                self._skip(frozenset(what for what, has in partly if row not in has), row, counted),
            )
            for row in rows
        )

    def _skip(
        self, lacks: frozenset[str], row: int, columns: Mapping[str, Column]
    ) -> frozenset[str]:
        """The objects not to be asked of this row: it has none, or better ones, or they lie."""
        said = {o: number_of(columns[o].value(row), o in _COUNTED) for o in _WEIGHED}
        # A wide counter that stands at zero beside a narrow one that counts was never wired up.
        stuck = not any(said[o] for o in _WIDE) and any((said[o] or 0) > _CLEARLY for o in _NARROW)
        key = lacks, stuck, bool(said["ifHighSpeed"])
        if (known := self._skips.get(key)) is None:
            known = self._skips[key] = frozenset(_skipped(*key))
        return known


def _skipped(lacks: Set[str], stuck: bool, fast: bool) -> set[str]:
    skip = set(lacks)
    if (stuck or not skip.isdisjoint(_WIDE)) and skip.isdisjoint(_NARROW):
        skip |= set(_WIDE)
    else:
        skip |= {n for w, n in zip(_WIDE, _NARROW, strict=True) if w not in skip}
    return skip | {"ifSpeed"} if fast else skip


def _object_id(value: Value | None) -> str:
    if value is None or value.tag != ber.OID or not isinstance(value.what, bytes):
        return ""
    try:
        return ber.dotted(value.what)
    except ber.MalformedError:
        return ""
