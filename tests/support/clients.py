"""Values as two other libraries read them: gufo-snmp in Rust, and pysnmp."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession
from liar import COMMUNITY
from pyasn1.type.univ import Integer  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from edunet.inventory.model import Device

Read = Callable[[Sequence[str]], Awaitable[dict[str, Any]]]
"""OIDs -> the number or the bytes of each; what is not there is left out."""

_WORDS: Final = {"NoSuchInstance", "NoSuchObject", "EndOfMibView"}


@asynccontextmanager
async def gufo(device: Device) -> AsyncIterator[Read]:
    async with SnmpSession(
        addr=str(device.address), port=device.port, community=COMMUNITY, version=SnmpVersion.v2c
    ) as session:

        async def read(oids: Sequence[str]) -> dict[str, Any]:
            return dict(await session.get_many(oids))

        yield read


@asynccontextmanager
async def pysnmp(device: Device) -> AsyncIterator[Read]:
    engine = SnmpEngine()
    target = await UdpTransportTarget.create((str(device.address), device.port), 5, 1)
    how = CommunityData(COMMUNITY), target, ContextData()

    async def read(oids: Sequence[str]) -> dict[str, Any]:
        names = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        error, status, _, binds = await get_cmd(engine, *how, *names, lookupMib=False)
        assert not error, error
        assert not status, status
        return {
            str(name): int(value) if isinstance(value, Integer) else bytes(value)
            for name, value in binds
            if type(value).__name__ not in _WORDS
        }

    try:
        yield read
    finally:
        engine.close_dispatcher()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn


CLIENTS: Final = {"gufo-snmp": gufo, "pysnmp": pysnmp}
