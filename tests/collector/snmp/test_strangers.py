"""An agent that answers from another address is believed no more than any stranger, and named."""

from __future__ import annotations

import asyncio

import pytest
from datagrams import HERE, THERE, Udp, asked, bound, port_of

from collector.mibs import mib
from collector.snmp import ber
from collector.snmp.client import Client
from collector.snmp.community import V2C, sealed
from collector.snmp.pdu import GET
from collector.snmp.wire import NoAnswerError
from edunet.clock import SystemClock
from edunet.inventory.model import Device
from edunet.secrets import Access

UPTIME = ber.oid("1.3.6.1.2.1.1.3.0")


async def answers(at: Udp, by: Udp) -> None:
    """Take one question, and answer by another socket with the right id and community."""
    question, source = await asked(at)
    pdu = bytearray(question[question.index(b"\xa0") :])
    pdu[0] = 0xA2
    await asyncio.get_running_loop().sock_sendto(by, sealed(V2C, b"c", bytes(pdu)), source)


@pytest.mark.parametrize(
    ("elsewhere", "reason"),
    [
        pytest.param(THERE, "foreign", id="another address"),
        pytest.param(HERE, "unclaimed", id="another port"),
    ],
)
async def test_who_answers_from_elsewhere_is_named_to_who_looks(
    elsewhere: object, reason: str
) -> None:
    told: list[str] = []
    client = Client(lambda _: Access("2c", b"c"), SystemClock(), mib("if_mib").called, told.append)
    with bound() as at, bound(THERE if elsewhere == THERE else HERE) as by:
        device = Device.model_validate(
            {"id": "a", "site": "s", "address": str(HERE), "port": port_of(at)}
        )
        agent = asyncio.create_task(answers(at, by))
        with pytest.raises(NoAnswerError):
            await client.put(device, GET, [UPTIME], (0.04,))
        await agent
        client.close()

        assert f"  1 datagrams {reason}, dropped" in told
        assert f"  {elsewhere}:{port_of(by)} sent one, and was not asked" in told
