"""The agent of Debian in batches, by ::1 and IPv4: read as by the scalar client, dead or alive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from batched import ACCESS, Spied
from netns import Namespace, namespaces, plug
from polled import Line, answered, spoken, table
from snmpd import Snmpd, snmpd

from collector.transports import Answer, Ask
from edunet.inventory.model import Device

pytestmark = pytest.mark.daemon

STILL = ("bits", "oper", "admin", "speed", "in_errors", "out_errors", "discontinuity", "boots")


class Net(NamedTuple):
    """One machine with two cables to another, and an agent for each family of addresses."""

    space: Namespace
    six: Snmpd
    four: Snmpd


@pytest.fixture
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with ExitStack() as stack:
        space, other = stack.enter_context(namespaces("own", "other"))
        plug((space, "up0", "198.18.0.1/30"), (other, "up0", "198.18.0.2/30"))
        plug((space, "up1", "198.18.1.1/30"), (other, "up1", "198.18.1.2/30"))
        space.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/lo/disable_ipv6")
        folder = tmp_path_factory.mktemp
        yield Net(
            space,
            stack.enter_context(snmpd(space, "::1", folder("six"))),
            stack.enter_context(snmpd(space, "198.18.0.1", folder("four"))),
        )


def device(agent: Snmpd) -> Device:
    made = {"id": "six" if ":" in agent.address else "four", "address": agent.address}
    return Device.model_validate({**made, "site": "city", "port": agent.port, "snmp": "ro"})


def still(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What no datagram moves."""
    return {name: {column: row[column] for column in STILL} for name, row in rows.items()}


async def both(lines: list[Line], batches: Spied) -> list[Answer]:
    """One round of all lines at once."""
    asks = [
        Ask(line.device, slot, line.facts.ports, engine=line.facts.engine)
        for slot, line in enumerate(lines)
    ]
    answers = {each.ask.device.id: each async for each in batches.poll(asks)}
    return [answers[line.device.id] for line in lines]


async def test_both_families_are_read_at_once_as_by_the_scalar_client(net: Net) -> None:
    batches = Spied()
    with net.space.entered():
        alone = Line(device(net.six), spoken(ACCESS))
        await alone.discover()
        before = table(await alone.poll(), alone.catalog)
        six = Line(device(net.six), batches)
        await six.discover()
        said = await six.poll()
        rows = table(said, six.catalog)
        after = table(await alone.poll(), alone.catalog)
        four = Line(device(net.four), batches)
        await four.discover()
        answers = await both([six, four], batches)
        await batches.close()

    assert {"lo", "up0", "up1"} == rows.keys()
    assert still(before) == still(rows) == still(after)
    for column in ("in_octets", "out_octets"):
        assert before["lo"][column] < rows["lo"][column] < after["lo"][column]
    assert 100_000 > after["lo"]["in_octets"] - before["lo"]["in_octets"]
    assert [(1, None), (1, None)] == [(each.answered, each.trouble) for each in answers]
    assert 0 == batches.singly
    assert {} == +batches.dropped


async def test_a_dead_agent_on_ipv6_is_told_and_the_other_is_read(net: Net) -> None:
    batches = Spied()
    with net.space.entered():
        six, four = Line(device(net.six), batches), Line(device(net.four), batches)
        await six.discover()
        await four.discover()
        await both([six, four], batches)
        net.six.kill()
        silent, alive = await both([six, four], batches)
        net.six.start()
        back = await both([six, four], batches)
        await batches.close()

    assert silent.trouble is not None
    assert silent.trouble.endswith("nobody listens there")
    assert 0 == answered(silent)
    assert (1, None) == (alive.answered, alive.trouble)
    assert [(1, None), (1, None)] == [(each.answered, each.trouble) for each in back]
