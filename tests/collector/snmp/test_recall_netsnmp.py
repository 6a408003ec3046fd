"""Against Debian's snmpd: a client begun anew asks at once, whether the agent restarted or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from netns import namespaces
from snmpd import Snmpd, snmpd

from collector.mibs import mib
from collector.snmp import ber
from collector.snmp.client import Client
from collector.snmp.engines import Engines
from collector.snmp.usm import User
from collector.snmp.wire import Address, Claim, Wire
from edunet.clock import SystemClock
from edunet.inventory.model import Device
from edunet.secrets import Access

pytestmark = pytest.mark.daemon

USER = User("u", ("SHA-256", b"authentication"), ("AES-128", b"privacy-words"))
ACCESS = Access("3", user=USER.name, auth=USER.auth, priv=USER.priv)
NAMES = [ber.oid("1.3.6.1.2.1.1.5.0")]


class Counting(Wire):
    """Counts the datagrams that were put on the way."""

    put = 0

    async def ask(
        self, address: Address, port: int, packet: bytes, claim: Claim[Any], seconds: float
    ) -> Any:
        self.put += 1
        return await super().ask(address, port, packet, claim, seconds)


async def asked(agent: Snmpd, file: Path) -> int:
    """How many datagrams a client begun anew needs for an answer."""
    device = Device.model_validate({"id": "a", "site": "s", "address": agent.address})
    client = Client(lambda _: ACCESS, SystemClock(), mib("if_mib").called)
    client.wire = wire = Counting()
    client.engines = Engines(file)
    try:
        assert b"switch-1" == (await client.get(device, NAMES))[NAMES[0]].what
    finally:
        client.close()
    return wire.put


async def test_an_agent_is_discovered_once_in_its_life(tmp_path: Path) -> None:
    file = tmp_path / "snmp_engines"
    with (
        namespaces("agent") as (only,),
        snmpd(only, "127.0.0.1", tmp_path, users=[USER]) as agent,
        only.entered(),
    ):
        assert 3 == await asked(agent, file)  # who are you, what time is it, the question
        assert 1 == await asked(agent, file)
        agent.restart()
        assert 2 == await asked(agent, file)  # its boots have grown, as it says itself
        assert 1 == await asked(agent, file)

    text = file.read_text()
    assert 2 == len(text.splitlines())
    assert "authentication" not in text
    assert "privacy" not in text
