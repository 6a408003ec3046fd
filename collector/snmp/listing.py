"""Who is a device, which interfaces does it have, and which objects does it have of each?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from collector.mibs import Mib
from collector.snmp import ber
from collector.snmp.client import Client, RefusedError
from collector.snmp.pdu import GETBULK, GETNEXT, NO_SUCH_NAME, Pdu, Value
from collector.snmp.walk import MOST_ROWS, Walk
from collector.snmp.wire import NoAnswerError
from collector.transports import Found, Listed, UnlistedError
from collector.values import mac_of, number_of, text
from edunet.errors import ProbeError
from edunet.inventory.model import Device

_TABLE_S: Final = 20.0  # for one table; what is not there by then is told as missing
_VALUES_A_PDU: Final = 48
_CLEARLY: Final = 100_000  # octets: a counter in motion may differ a little from its own low half

Columns = Mapping[bytes, Mapping[int, Value]]


class Lister:
    """Remembers how modestly each agent must be walked: by GETBULK, by GETNEXT, name by name."""

    def __init__(self, client: Client, table: Mib) -> None:
        self._client, self._mib = client, table
        self._modesty: dict[str, int] = {}
        self._skips: dict[frozenset[str], frozenset[str]] = {}

    def modest(self, device: Device) -> bool:
        """Whether it is not to be asked by GETBULK."""
        return self._modesty.get(device.id, 0) > 0

    async def found(self, device: Device) -> Found:
        """Ask everything; a table that fails is named and the others are kept.

        Raises:
            UnlistedError: it answers, and no interface could be listed.
            ProbeError: it does not answer.
        """
        scalars = {**self._mib.system, **self._mib.scalars}
        told = await self._client.get(device, [ber.oid(oid) for oid in scalars.values()])
        said = {name: told.get(ber.oid(oid)) for name, oid in scalars.items()}
        columns: dict[bytes, dict[int, Value]] = {}
        silent: dict[str, str] = {}
        for table in self._mib.tables:
            walk = Walk(self._columns(table))
            try:
                async with asyncio.timeout(_TABLE_S):
                    await self._walk(device, walk)
            except (ProbeError, TimeoutError) as error:
                silent[table] = str(error) or f"not done within {_TABLE_S:g} s"
            columns |= walk.rows
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

    def _columns(self, table: str) -> list[bytes]:
        names = [ber.oid(oid) for oid in self._mib.identity.values()]
        names += [source.prefix for source in self._mib.sources()]
        return [name for name in names if self._mib.table(name) == table]

    def _has(self, table: str, columns: Columns) -> bool:
        return any(columns[name] for name in self._columns(table))

    async def _walk(self, device: Device, walk: Walk) -> None:
        """Walk to the end; an agent that fails at one way is walked more modestly from there on."""
        if self._client.version(device) == "1":
            self._modesty[device.id] = max(1, self._modesty.get(device.id, 0))
        while asks := walk.asks:
            modesty = self._modesty.get(device.id, 0)
            try:
                await self._step(device, walk, asks, modesty)
            except RefusedError:
                if modesty == 2:  # one name by GETNEXT: nothing asks less
                    raise
                self._modesty[device.id] = modesty + 1
            except NoAnswerError:
                if modesty:
                    raise
                self._modesty[device.id] = 1  # some agents never answer a GETBULK

    async def _step(self, device: Device, walk: Walk, asks: list[bytes], modesty: int) -> None:
        if modesty == 0:
            repeat = max(1, _VALUES_A_PDU // len(asks))
            answer = await self._client.put(device, GETBULK, asks, repeat=repeat)
            if not answer.status and not answer.binds:
                raise RefusedError(answer)
        else:
            asks = asks if modesty == 1 else asks[:1]
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
        identity = {name: columns[ber.oid(oid)] for name, oid in self._mib.identity.items()}
        found = []
        for index in sorted(identity["name"].keys() | identity["descr"].keys())[:MOST_ROWS]:
            said = {name: rows.get(index) for name, rows in identity.items()}
            words = {name: text(said[name]) for name in ("name", "alias", "descr")}
            skip = frozenset(self._skipped(index, columns))
            skip = self._skips.setdefault(skip, skip)  # a province has few different ones
            found.append(Listed(index, **words, mac=mac_of(said["mac"]), skip=skip))
        return tuple(found)

    def _skipped(self, index: int, columns: Columns) -> set[str]:
        """The objects not to be asked of this row: it has none, or better ones, or they lie."""
        rows = {
            source.object: number_of(columns[source.prefix].get(index), source.kind == "counter")
            for source in self._mib.sources()
        }
        skip = {
            source.object for source in self._mib.sources() if index not in columns[source.prefix]
        }
        wide, narrow = ("ifHCInOctets", "ifHCOutOctets"), ("ifInOctets", "ifOutOctets")
        # A wide counter that stands at zero beside a narrow one that counts was never wired up.
        stuck = not any(rows[o] for o in wide) and any((rows[o] or 0) > _CLEARLY for o in narrow)
        lacking = stuck or not skip.isdisjoint(wide)
        if lacking and skip.isdisjoint(narrow):
            skip |= set(wide)
        else:
            skip |= {n for w, n in zip(wide, narrow, strict=True) if w not in skip}
        if rows["ifHighSpeed"]:
            skip.add("ifSpeed")
        return skip


def _object_id(value: Value | None) -> str:
    if value is None or value.tag != ber.OID or not isinstance(value.what, bytes):
        return ""
    try:
        return ber.dotted(value.what)
    except ber.MalformedError:
        return ""
