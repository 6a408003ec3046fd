"""Against net-snmp over a cable: names, states, counters and rates are those of the kernel.

nsCacheTimeout is set to 0 in the test's own agent: with its 3 s cache the counters of a reply are
up to 3 s older than the sysUpTime beside them, and no rate could be exact.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from daemons import until
from netns import Namespace, namespaces, plug
from polled import Line, answered, snmp, table
from snmpd import Snmpd, snmpd

from collector.transports import Answer
from edunet.derive import Rates
from edunet.errors import ProbeError
from edunet.frame import Frame, Reason
from edunet.inventory.model import Device

pytestmark = pytest.mark.daemon

COUNTERS = {
    "in_octets": "rx_bytes",
    "out_octets": "tx_bytes",
    "in_errors": "rx_errors",
    "out_errors": "tx_errors",
    "in_discards": "rx_dropped",
    "out_discards": "tx_dropped",
}


class Net(NamedTuple):
    """noc --mgmt0-- switch --ge1-- school; the agent runs on the switch, we on noc."""

    noc: Namespace
    switch: Namespace
    school: Namespace
    agent: Snmpd

    @property
    def device(self) -> Device:
        return Device.model_validate(
            {"id": "switch", "site": "city", "address": self.agent.address, "snmp": "ro"}
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with ExitStack() as stack:
        noc, switch, school = stack.enter_context(namespaces("noc", "switch", "school"))
        plug((switch, "mgmt0", "198.18.0.1/30"), (noc, "up0", "198.18.0.2/30"))
        plug((switch, "ge1", "198.18.1.1/30"), (school, "up1", "198.18.1.2/30"))
        folder = tmp_path_factory.mktemp("snmpd")
        yield Net(noc, switch, school, stack.enter_context(snmpd(switch, "198.18.0.1", folder)))


@pytest.fixture
def net(built: Net) -> Iterator[Net]:
    """The network, whole; the test's thread stands in `noc`."""
    if not built.agent.running:
        built.agent.start()
    with built.noc.entered():
        yield built
    built.school.ip("link", "set", "up1", "up")
    built.agent.wake()


async def discovered(net: Net) -> Line:
    line = Line(net.device, snmp())
    await line.discover()
    return line


def interfaces(answer: Answer) -> Frame:
    (frame,) = [frame for frame in answer.frames if frame.kind == "interface"]
    return frame


async def test_every_interface_is_found_with_its_name_and_description(net: Net) -> None:
    net.agent.describe(net.agent.index("ge1"), "school one, fibre 12")

    line = await discovered(net)

    assert {"lo", "mgmt0", "ge1"} == {port.name for port in line.facts.ports}
    assert {port.name: port.ifindex for port in line.facts.ports} == {
        name: net.agent.index(name) for name in ("lo", "mgmt0", "ge1")
    }
    assert "school one, fibre 12" == {p.name: p.alias for p in line.facts.ports}["ge1"]
    assert "switch-1" == line.facts.name
    assert line.facts.descr.startswith("Linux ")
    assert "1.3.6.1.4.1.8072.3.2.10" == line.facts.object_id  # netSnmpAgentOIDs.linux
    assert "1.3.6.1.2.1.2.2.1.8" not in line.facts.descr


async def test_state_and_speed_are_those_of_the_kernel(net: Net) -> None:
    line = await discovered(net)

    rows = table(await line.poll(), line.catalog)

    for name in ("mgmt0", "ge1"):
        megabits = int(net.switch.run("cat", f"/sys/class/net/{name}/speed"))
        assert megabits * 1e6 == rows[name]["speed"]
        assert (1, 1) == (rows[name]["oper"], rows[name]["admin"])


async def test_each_counter_lies_between_two_looks_at_the_kernel(net: Net) -> None:
    line = await discovered(net)
    before = net.switch.statistics()

    rows = table(await line.poll(), line.catalog)

    after = net.switch.statistics()
    assert rows.keys() == before.keys()
    for name, row in rows.items():
        for column, statistic in COUNTERS.items():
            assert before[name][statistic] <= row[column] <= after[name][statistic], (name, column)
    assert before["ge1"]["rx_bytes"] == after["ge1"]["rx_bytes"], "nothing was sent over ge1"


async def test_a_cut_fibre_is_seen_and_its_mending_too(net: Net) -> None:
    line = await discovered(net)

    net.school.ip("link", "set", "up1", "down")
    dark = table(await line.poll(), line.catalog)
    net.school.ip("link", "set", "up1", "up")
    lit = table(await line.poll(), line.catalog)

    assert (2, 1) == (dark["ge1"]["oper"], dark["ge1"]["admin"])
    assert 1 == dark["mgmt0"]["oper"]
    assert 1 == lit["ge1"]["oper"]


async def test_a_port_switched_off_is_told_from_a_cut_one(net: Net) -> None:
    line = await discovered(net)
    net.switch.ip("link", "set", "ge1", "down")
    try:
        rows = table(await line.poll(), line.catalog)
    finally:
        net.switch.ip("link", "set", "ge1", "up")

    assert (2, 2) == (rows["ge1"]["oper"], rows["ge1"]["admin"])


async def test_the_rate_of_sent_traffic_is_that_of_the_kernels_counters(net: Net) -> None:
    line, rates = await discovered(net), Rates()
    frames, counted = [], []
    for _ in range(2):
        answer, kernel = await quiet_poll(net, line)
        frames.append(rates.derive(interfaces(answer)))
        counted.append(kernel)
        if len(frames) == 1:
            await asyncio.to_thread(send, net, 2.0)
            await asyncio.to_thread(send, net, 0.5, back=True)

    first, second = frames
    row = row_of(line, second, "ge1")
    seconds = (int(second.uptime[row]) - int(first.uptime[row])) / 100
    for rate, statistic in (("in_bps", "rx_bytes"), ("out_bps", "tx_bytes")):
        sent = (counted[1]["ge1"][statistic] - counted[0]["ge1"][statistic]) * 8
        assert sent > 1e6, "traffic flowed"
        assert second.reason[rate][row] == Reason.GOOD
        assert np.asarray(second.columns[rate])[row] == pytest.approx(sent / seconds, rel=0.02)
    # The sender's own pace, in 1000 + 28 + 14 octets a packet: a rate of the right size, not only
    # one that agrees with the agent.
    assert np.asarray(second.columns["in_bps"])[row] == pytest.approx(
        PACKETS_A_SECOND * 2.0 * 1042 * 8 / seconds, rel=0.05
    )


PACKETS_A_SECOND = 1000


def send(net: Net, seconds: float, back: bool = False) -> None:
    """UDP at a known pace from the school to the switch (or back), by a thread of its own."""
    source, target = (net.switch, "198.18.1.2") if back else (net.school, "198.18.1.1")
    with source.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        started = time.monotonic()
        for number in range(round(PACKETS_A_SECOND * seconds)):
            udp.sendto(bytes(1000), (target, 9))
            ahead = started + (number + 1) / PACKETS_A_SECOND - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


async def quiet_poll(net: Net, line: Line) -> tuple[Answer, dict[str, dict[str, int]]]:
    """A poll during which nothing moved on ge1, and the kernel's counters of that moment.

    The agent limits its ICMP port-unreachable answers, so the last of them may come late.
    """
    for _ in range(50):
        before = net.switch.statistics()
        answer = await line.poll()
        after = net.switch.statistics()
        if before["ge1"] == after["ge1"]:
            return answer, after
    pytest.fail("ge1 never came to rest")


def row_of(line: Line, frame: Frame, name: str) -> int:
    slot = line.catalog.slot("interface", line.device.id, name)
    return int(np.flatnonzero(frame.slots == slot)[0])


async def test_a_restarted_agent_gives_no_rate_and_then_the_right_one(net: Net) -> None:
    line, rates = await discovered(net), Rates()
    await asyncio.to_thread(send, net, 0.2)
    until(lambda: net.agent.uptime_s() > 3, "an uptime that can fall")
    before = rates.derive(interfaces(await line.poll()))

    net.agent.restart()
    await asyncio.to_thread(send, net, 0.2)
    reset_answer, at_reset = await quiet_poll(net, line)
    reset = rates.derive(interfaces(reset_answer))
    await asyncio.to_thread(send, net, 1.0)
    right_answer, at_right = await quiet_poll(net, line)
    right = rates.derive(interfaces(right_answer))

    row = row_of(line, reset, "ge1")
    octets = [int(np.asarray(f.columns["in_octets"])[row]) for f in (before, reset, right)]
    assert octets == sorted(octets), "the kernel's counters went on"
    assert int(reset.uptime[row]) < int(before.uptime[row]), "the agent's uptime began anew"
    assert reset.reason["in_bps"][row] == Reason.RESET
    assert np.isnan(np.asarray(reset.columns["in_bps"])[row])
    sent = (at_right["ge1"]["rx_bytes"] - at_reset["ge1"]["rx_bytes"]) * 8
    seconds = (int(right.uptime[row]) - int(reset.uptime[row])) / 100
    assert np.asarray(right.columns["in_bps"])[row] == pytest.approx(sent / seconds, rel=0.02)


async def test_a_hanging_agent_costs_a_deadline_and_answers_again_once_awake(net: Net) -> None:
    line = await discovered(net)

    net.agent.hang()
    started = time.monotonic()
    silent = await line.poll()
    took = time.monotonic() - started
    with pytest.raises(ProbeError, match=r"switch \(198\.18\.0\.1:161\): no answer within 2 s"):
        await line.transport.discover(line.device)
    net.agent.wake()
    awake = await line.poll()

    assert 0 == answered(silent)
    assert {} == table(silent, line.catalog)
    assert "switch (198.18.0.1:161): no answer within 2 s" == silent.trouble
    assert 2.5 < took < 5
    assert 1 == answered(awake)
    assert awake.trouble is None
    assert {"lo", "mgmt0", "ge1"} == table(awake, line.catalog).keys()


async def test_a_killed_agent_is_known_to_be_gone_at_once(net: Net) -> None:
    line = await discovered(net)

    net.agent.kill()
    started = time.monotonic()
    gone = await line.poll()
    took = time.monotonic() - started
    net.agent.start()
    back = await line.poll()

    assert 0 == answered(gone)
    assert "switch (198.18.0.1:161): nobody listens there" == gone.trouble
    assert took < 0.5, "an ICMP port unreachable is an answer too"
    assert 1 == answered(back)
    assert back.trouble is None


async def test_another_community_is_silence(net: Net) -> None:
    line = Line(net.device, snmp("wrong"))

    with pytest.raises(ProbeError, match="no answer") as refused:
        await line.transport.discover(line.device)

    assert "wrong" not in str(refused.value)


def test_what_a_thread_entered_it_leaves_again(net: Net) -> None:
    here = Path("/proc/thread-self/ns/net").readlink()

    with net.school.entered():
        assert net.school.run("readlink", "/proc/self/ns/net").strip() == str(
            Path("/proc/thread-self/ns/net").readlink()
        )

    assert here == Path("/proc/thread-self/ns/net").readlink()
