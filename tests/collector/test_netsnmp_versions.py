"""Against net-snmp in every version and security level, by IPv4 and IPv6: the same interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import pytest
from daemons import until
from netns import Namespace, namespaces, plug
from polled import Line, answered, spoken, table
from snmpd import COMMUNITY, Snmpd, snmpd

from collector.snmp.usm import User
from edunet.derive import Rates
from edunet.errors import AuthError, ProbeError
from edunet.frame import Frame, Reason
from edunet.inventory.model import Device
from edunet.secrets import Access

pytestmark = pytest.mark.daemon

SECRET, HIDDEN = b"a long enough password", b"another long password"
USERS = {
    "nobody": User("nobody"),
    "sha": User("sha", ("SHA", SECRET)),
    "sha256": User("sha256", ("SHA-256", SECRET)),
    "sha-aes": User("sha-aes", ("SHA", SECRET), ("AES-128", HIDDEN)),
    "sha512-aes256": User("sha512-aes256", ("SHA-512", SECRET), ("AES-256", HIDDEN)),
}


def access(user: User) -> Access:
    return Access("3", user=user.name, auth=user.auth, priv=user.priv)


class Net(NamedTuple):
    """noc --mgmt0-- switch; one agent by IPv4 with users, one by IPv6, one that speaks v1 only."""

    noc: Namespace
    four: Snmpd
    six: Snmpd
    old: Snmpd


def device(agent: Snmpd) -> Device:
    return Device.model_validate(
        {"id": "switch", "site": "city", "address": agent.address, "port": agent.port, "snmp": "x"}
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with ExitStack() as stack:
        noc, switch = stack.enter_context(namespaces("noc", "switch"))
        plug((switch, "mgmt0", "198.18.0.1/30"), (noc, "up0", "198.18.0.2/30"))
        for space, port, address in ((switch, "mgmt0", "fd00::1"), (noc, "up0", "fd00::2")):
            space.run("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{port}/disable_ipv6")
            space.ip("addr", "add", f"{address}/64", "dev", port, "nodad")
        folder = tmp_path_factory.mktemp
        yield Net(
            noc,
            stack.enter_context(
                snmpd(switch, "198.18.0.1", folder("four"), users=tuple(USERS.values()))
            ),
            stack.enter_context(snmpd(switch, "fd00::1", folder("six"))),
            stack.enter_context(snmpd(switch, "198.18.0.1", folder("old"), port=1161, version="1")),
        )


async def read(agent: Snmpd, how: Access) -> tuple[Line, Frame, dict[str, dict[str, object]]]:
    line = Line(device(agent), spoken(how))
    await line.discover()
    answer = await line.poll()
    assert answer.trouble is None
    assert 1 == answered(answer)
    (frame,) = [frame for frame in answer.frames if frame.kind == "interface"]
    return line, frame, table(answer, line.catalog)


@pytest.mark.parametrize("user", USERS)
async def test_a_user_of_version_3_reads_what_the_community_reads(net: Net, user: str) -> None:
    with net.noc.entered():
        _, by_scalars, expected = await read(net.four, Access("2c", COMMUNITY.encode()))
        line, frame, rows = await read(net.four, access(USERS[user]))

    assert {"lo", "mgmt0"} == rows.keys()
    for name, row in rows.items():
        for column in ("bits", "oper", "admin", "speed"):
            assert expected[name][column] == row[column], (name, column)
    assert 64 == rows["mgmt0"]["bits"]
    boots = [np.asarray(each.columns["boots"]).tolist() for each in (by_scalars, frame)]
    assert boots[0] == boots[1], "as the agent tells them in the message, and as objects"
    assert boots[0][0] >= 1
    assert line.facts.engine


async def test_ipv6_alone_reads_the_same(net: Net) -> None:
    with net.noc.entered():
        _, _, rows = await read(net.six, Access("2c", COMMUNITY.encode()))

    assert {"lo", "mgmt0"} == rows.keys()
    assert (64, 1) == (rows["mgmt0"]["bits"], rows["mgmt0"]["oper"])


async def test_version_1_reads_what_it_can_carry(net: Net) -> None:
    """No Counter64 exists there: the narrow counters are read, and told to be narrow."""
    with net.noc.entered():
        line, _, rows = await read(net.old, Access("1", COMMUNITY.encode()))
        _, _, wide = await read(net.six, Access("2c", COMMUNITY.encode()))

    assert {"lo", "mgmt0"} == rows.keys()
    assert {32} == {row["bits"] for row in rows.values()}
    octets = rows["mgmt0"]["in_octets"]
    assert isinstance(octets, int)
    assert isinstance(wide["mgmt0"]["in_octets"], int)
    assert 0 < octets <= wide["mgmt0"]["in_octets"]
    assert wide["mgmt0"]["speed"] == rows["mgmt0"]["speed"]
    assert all("ifHCInOctets" in port.skip for port in line.facts.ports)


async def test_an_agent_that_speaks_version_1_is_silent_in_2c(net: Net) -> None:
    with net.noc.entered(), pytest.raises(ProbeError, match="no answer within 2 s"):
        await Line(device(net.old), spoken(Access("2c", COMMUNITY.encode()))).discover()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param(User("stranger"), "the agent knows no user 'stranger'", id="user"),
        pytest.param(
            User("sha", ("SHA", b"not the password")),
            "the agent refuses the authentication password or protocol of user 'sha'",
            id="password",
        ),
        pytest.param(
            User("sha", ("SHA-256", SECRET)),
            "the agent refuses the authentication password or protocol of user 'sha'",
            id="protocol",
        ),
        pytest.param(
            User("sha", ("SHA", SECRET), ("AES-128", HIDDEN)),
            "the agent does not offer user 'sha' the level",
            id="level",
        ),
        pytest.param(
            User("sha-aes", ("SHA", SECRET), ("AES-128", b"not the password")),
            "accepts the authentication of user 'sha-aes' and then is silent; correct the privacy",
            id="privacy",
        ),
    ],
)
async def test_what_is_wrong_with_a_user_is_said_with_its_remedy(
    net: Net, wrong: User, words: str
) -> None:
    with net.noc.entered(), pytest.raises(ProbeError) as refused:
        await Line(device(net.four), spoken(access(wrong))).discover()

    assert words in str(refused.value)
    assert isinstance(refused.value, AuthError), "it lives: this is no sign of an outage"
    assert str(refused.value).startswith("switch (198.18.0.1:161): ")
    assert "password" not in str(refused.value).replace("password or protocol", "")


async def test_an_agent_that_restarts_is_followed_without_a_gap_and_without_a_spike(
    net: Net,
) -> None:
    """Boots and time begin anew: one poll later the session knows, and no rate spans the start."""
    rates = Rates()
    with net.noc.entered():
        line = Line(device(net.four), spoken(access(USERS["sha-aes"])))
        await line.discover()
        before = next(f for f in (await line.poll()).frames if f.kind == "interface")
        rates.derive(before)
        until(lambda: net.four.uptime_s() > 2, "an uptime that can fall")
        net.four.restart()
        answers = [await line.poll() for _ in range(2)]

    assert [None, None] == [answer.trouble for answer in answers]
    first, second = (next(f for f in answer.frames if f.kind == "interface") for answer in answers)
    boots = [int(np.asarray(f.columns["boots"])[0]) for f in (before, first, second)]
    assert [boots[0], boots[0] + 1, boots[0] + 1] == boots
    assert {int(Reason.RESET)} == set(rates.derive(first).reason["in_bps"].tolist())
    assert int(Reason.RESET) not in rates.derive(second).reason["in_bps"].tolist()
