"""Two libraries over the same agents: what ours reads is what the reference one reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from liar import (
    ADMIN,
    COMMUNITY,
    IN_OCTETS,
    OPER,
    OUT_OCTETS,
    SPEED,
    Row,
    liar,
    ports,
    switch,
    text,
)
from polled import Line, snmp, table
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

import lab
from collector.mibs import Source, mib
from edunet.frame import Reason
from edunet.inventory.model import Device, Inventory
from lab import ber

ROOT = Path(__file__).parents[2]
TABLE = mib("if_mib")


async def reference(device: Device, oids: list[str]) -> list[Any]:
    """What pysnmp reads: an int or bytes for each OID, None where the agent has no such thing."""
    engine = SnmpEngine()
    try:
        target = await UdpTransportTarget.create((str(device.address), device.port), 2, 1)
        names = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        error, status, _, binds = await get_cmd(
            engine, CommunityData(COMMUNITY), target, ContextData(), *names, lookupMib=False
        )
    finally:
        engine.close_dispatcher()
    assert not error, error
    assert not status, status
    return [plain(value) for _, value in binds]


def plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind in {"NoSuchInstance", "NoSuchObject", "EndOfMibView"}:
        return None
    return bytes(value) if kind == "OctetString" else int(value)


def expected(value: Any, source: Source) -> Any:
    """What the column must hold for this value on the wire, in the words of its own file."""
    if value is None or value in source.unknown:
        return Reason.MISSING
    return value * source.scale if isinstance(value, int) else Reason.MALFORMED


async def compared(device: Device) -> int:
    """Ask everything by both; the number of values that agreed."""
    line, agreed = Line(device, snmp()), 0
    facts = await line.discover()
    rows = table(await line.poll(), line.catalog)
    assert {port.name for port in facts.ports} == rows.keys()
    for port in facts.ports:
        identity = [f"{TABLE.identity[name]}.{port.ifindex}" for name in ("name", "alias")]
        asked = {
            name: column.sources[0]
            for name, column in TABLE.columns.items()
            if name in rows[port.name]
        }
        columns = [f"{source.oid}.{port.ifindex}" for source in asked.values()]
        name, alias, *values = await reference(device, [*identity, *columns])
        assert (name.decode(), alias.decode()) == (port.said, port.alias)
        for (called, source), value in zip(asked.items(), values, strict=True):
            assert expected(value, source) == rows[port.name][called], (port.name, called)
            agreed += 1
    return agreed


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inventory]:
    """The sample inventory, played; all its links cut, so that its counters stand still."""
    written = yaml.safe_load((ROOT / "inventory.yaml").read_text("utf-8"))
    sample = Inventory.model_validate(written)
    there = lab.moved(sample, port=lab.free_port(), net=40 + 16 * (os.getpid() % 12))
    with lab.start(there, COMMUNITY, tmp_path_factory.mktemp("city")) as playing:
        playing.ask("heal")
        for link in there.links:
            playing.ask("cut", link.id)
        yield there


async def test_both_read_the_same_of_a_switch_of_the_virtual_city(city: Inventory) -> None:
    # Where the collector stands is the one switch that is reached with every link cut.
    device = next(each for each in city.devices if each.id == city.vantage[0].device)

    assert await compared(device) >= 10 * 8

    line = Line(device, snmp())
    await line.discover()
    rows = table(await line.poll(), line.catalog)
    assert any(row["in_octets"] > 2**32 for row in rows.values()), "and they were worth comparing"


async def test_both_read_the_same_of_large_small_and_missing_values() -> None:
    objects = switch([*ports(6), Row(1_000_007, "Vlanif1", alias="至教育局")])
    for index, value in enumerate((0, 1, 127, 128, 2**32, 2**64 - 1), 1):
        objects[*IN_OCTETS, index] = ber.number(ber.COUNTER64, value)
        objects[*SPEED, index] = ber.number(ber.GAUGE32, min(value, 2**32 - 1))
    for state in range(1, 7):
        objects[*OPER, state] = ber.number(ber.INTEGER, state)
        objects[*ADMIN, state] = ber.number(ber.INTEGER, 1 + state % 3)
    del objects[*OUT_OCTETS, 4]
    objects[*OUT_OCTETS, 5] = text("many")
    async with liar(objects) as agent:
        assert 7 * 10 == await compared(agent.device)
