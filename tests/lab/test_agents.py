"""Do independent SNMP clients get their answers over real UDP, and strangers none?"""

from __future__ import annotations

import random
import re
import shutil
import socket
import subprocess

import pytest
from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession
from gufo.snmp.sync import SnmpSession as SyncSession

import lab
from edunet.errors import LabError
from edunet.inventory.model import Device, Inventory
from lab.agents import loopback

COMMUNITY = "sesame"
UPTIME = "1.3.6.1.2.1.1.3.0"
net_snmp = pytest.mark.skipif(not shutil.which("snmpbulkwalk"), reason="Net-SNMP is not installed")


def device(inventory: Inventory, name: str) -> Device:
    return next(device for device in inventory.devices if device.id == name)


def run(tool: str, at: Device, *oids: str, community: str = COMMUNITY) -> list[str]:
    """The lines a Net-SNMP tool prints, names and values as numbers."""
    options = ["-v2c", "-Onqe", "-t1", "-r0", "-c", community]
    told = subprocess.run(
        [tool, *options, f"{at.address}:{at.port}", *oids],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return told.stdout.splitlines() if told.returncode == 0 else []


@net_snmp
def test_net_snmp_walks_the_tables_of_ports(played: lab.VirtualCity, elsewhere: Inventory) -> None:
    agg = device(elsewhere, "c3-agg")

    names = run("snmpbulkwalk", agg, "1.3.6.1.2.1.31.1.1.1.1")
    table = run("snmpbulkwalk", agg, "1.3.6.1.2.1.2.2")

    expected = [f"GE0/0/{n}" for n in range(1, 9)] + [f"XGE0/0/{n}" for n in range(1, 6)]
    assert [line.split(" ", 1)[1].strip('"') for line in names] == expected
    assert len(table) == 22 * 13


@net_snmp
def test_net_snmp_gets_one_value_and_a_stranger_none(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    core = device(elsewhere, "core")

    assert run("snmpget", core, "1.3.6.1.2.1.1.5.0") == ['.1.3.6.1.2.1.1.5.0 "core"']
    assert run("snmpget", core, UPTIME, community="guess") == []


async def test_gufo_gets_many_values_at_once(played: lab.VirtualCity, elsewhere: Inventory) -> None:
    agg = device(elsewhere, "c3-agg")
    oids = [UPTIME] + [
        f"1.3.6.1.2.1.31.1.1.1.{column}.{row}" for column in (6, 10, 15) for row in range(1, 14)
    ]
    async with SnmpSession(
        addr=str(agg.address), port=agg.port, community=COMMUNITY, version=SnmpVersion.v2c
    ) as session:
        values = await session.get_many(oids)
        again = await session.get_many(oids)

    assert values.keys() == again.keys() == set(oids)
    assert values["1.3.6.1.2.1.31.1.1.1.15.9"] == 10_000
    counted = [int(str(seen["1.3.6.1.2.1.31.1.1.1.6.9"])) for seen in (values, again)]
    assert 0 < counted[0] <= counted[1]


def test_gufo_walks_by_getbulk(played: lab.VirtualCity, elsewhere: Inventory) -> None:
    agg = device(elsewhere, "c3-agg")
    with SyncSession(
        addr=str(agg.address), port=agg.port, community=COMMUNITY, version=SnmpVersion.v2c
    ) as session:
        rows = list(session.getbulk("1.3.6.1.2.1.31.1.1.1.6", max_repetitions=7))

    assert len(rows) == 13


@net_snmp
def test_what_one_end_sends_the_other_receives(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    # The link is cut, so that both ends may be read at leisure; the way round keeps both in reach.
    played.ask("cut", "core-c1")
    core, agg = device(elsewhere, "core"), device(elsewhere, "c1-agg")
    indexes = {
        (at.id, name): line.split()[0].rsplit(".", 1)[1]
        for at, name in ((core, "XGE0/0/2"), (agg, "XGE0/0/1"))
        for line in run("snmpbulkwalk", at, "1.3.6.1.2.1.31.1.1.1.1")
        if line.endswith(f'"{name}"')
    }

    def octets(at: Device, name: str) -> list[str]:
        row = indexes[at.id, name]
        found = run("snmpget", at, *(f"1.3.6.1.2.1.31.1.1.1.{c}.{row}" for c in (6, 10)))
        return [line.split()[1] for line in found]

    assert len(octets(core, "XGE0/0/2")) == 2
    assert octets(core, "XGE0/0/2") == octets(agg, "XGE0/0/1")[::-1]


def test_nonsense_is_not_answered_and_harms_nobody(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    core = device(elsewhere, "core")
    chance = random.Random(7)  # noqa: S311 (noise for a test)
    good = (
        bytes.fromhex("302602010104")
        + b"\x06sesame"
        + bytes.fromhex("a01902012a020100020100300e300c06082b060102010103000500")
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((str(core.address), core.port))
        udp.settimeout(5)
        for size in (0, 1, 2, 40, 1400, 20_000):
            udp.send(chance.randbytes(size))
        for size in range(len(good)):
            udp.send(good[:size])
        udp.send(good)
        reply = udp.recv(2000)
        udp.setblocking(False)

        # UDP on loopback keeps its order: the first answer is the answer to the last question.
        assert b"\x02\x01\x2a" in reply
        with pytest.raises(BlockingIOError):
            udp.recv(2000)


def test_the_answer_comes_from_the_address_that_was_asked(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    good = (
        bytes.fromhex("302602010104")
        + b"\x06sesame"
        + bytes.fromhex("a01902012a020100020100300e300c06082b060102010103000500")
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        for name in ("core", "c1-agg", "c3-s05-sw"):
            there = (str(device(elsewhere, name).address), device(elsewhere, name).port)
            udp.sendto(good, there)
            assert udp.recvfrom(2000)[1] == there


def test_an_address_outside_loopback_is_refused(sample: Inventory) -> None:
    real = device(sample, "core").model_copy(update={"address": "10.0.0.1"})

    with pytest.raises(LabError, match=re.escape("core has address 10.0.0.1; the virtual city")):
        loopback(real)
