"""A client that waits a thirtieth of the time, so that silence costs a test next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

from liar import COMMUNITY
from polled import spoken

from collector.mibs import Mib, mib
from collector.snmp.client import TIMEOUTS, Client
from collector.snmp.listing import Lister
from collector.snmp.pdu import Pdu
from collector.transports.snmp import Snmp
from edunet.clock import SystemClock
from edunet.inventory.model import Device
from edunet.secrets import Access

TABLE: Mib = mib("if_mib")


class Hasty(Client):
    """Close it after the test."""

    def __init__(self, version: str = "2c") -> None:
        access = Access(version, COMMUNITY.encode())
        super().__init__(lambda _: access, SystemClock(), TABLE.called)

    async def put(
        self,
        device: Device,
        kind: int,
        names: Sequence[bytes],
        timeouts: Sequence[float] = TIMEOUTS,
        repeat: int = 0,
    ) -> Pdu:
        return await super().put(device, kind, names, [each / 30 for each in timeouts], repeat)


def transport(version: str = "2c") -> Snmp:
    """One whose client is hasty; `tests/collector/conftest.py` closes it after the test."""
    made = spoken(Access(version, COMMUNITY.encode()))
    made.client = Hasty(version)
    made._lister = Lister(made.client, TABLE)
    return made
