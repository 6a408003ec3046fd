"""The running city: agents, silence and control in one loop, until it is told to end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from edunet.clock import Clock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import control
from lab.agents import Agents, loopback
from lab.city import City
from lab.silence import Silence, able

_TICK_S: Final = 0.1


class Play:
    """One city at work. `pings` tells whether the dead are silent to ping too."""

    def __init__(
        self, inventory: Inventory, communities: Mapping[str, str], data: Path, clock: Clock
    ) -> None:
        """See `Agents` for `communities`.

        Raises:
            LabError: the inventory cannot be played on loopback.
        """
        self.city = City(inventory, clock)
        self.agents = Agents(self.city, inventory, communities)
        self._data = data
        self._silence = Silence() if able() else None
        self._at: dict[IPv4Address, set[str]] = defaultdict(set)
        for device in inventory.devices:
            if device.address is not None:
                self._at[loopback(device)].add(device.id)

    @property
    def pings(self) -> bool:
        return self._silence is not None

    async def run(self, stop: asyncio.Event, ready: Callable[[Play], None]) -> None:
        """Play until `stop` is set; `ready` is called once everything listens.

        Raises:
            LabError: a port or the data folder is taken, or nft refuses.
        """
        loop = asyncio.get_running_loop()
        door = control.listen(self._data)
        server = None
        try:
            self.agents.open(loop)
            if self._silence:
                self._silence.open()
            server = await control.serve(door, self.obey)
            ready(self)
            while not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _TICK_S)
                if self.city.settle():
                    self._hush()
        finally:
            if server:
                server.close()
            door.close()
            with suppress(OSError):
                (self._data / control.SOCKET).unlink()
            self.agents.close(loop)
            if self._silence:
                self._silence.close()

    def obey(self, order: object) -> dict[str, Any]:
        """Carry out one order, and tell how the city stands.

        Raises:
            LabError: the order makes no sense here.
        """
        self.city.settle()
        control.perform(self.city, order)
        self._hush()
        return self.status()

    def status(self) -> dict[str, Any]:
        """How the city stands, as `edunet lab status --json` prints it."""
        city = self.city
        return {
            "network": city.name,
            "uptime_s": city.time() / 1000,
            "links": len(city.links),
            "devices": len(city.devices),
            "agents": len(self.agents),
            "silences_ping": self.pings,
            "cut": sorted(city.cuts - city.flaps.keys()),
            "flapping": sorted(city.flaps),
            "dark": sorted(city.dark),
            "rebooting": sorted(city.rebooting),
            "silent": sorted(city.dead),
            "hung": sorted(city.hung),
            "asked": self.agents.asked,
            "answered": self.agents.answered,
        }

    def _hush(self) -> None:
        """An address falls silent when every device that shares it is dead."""
        if self._silence:
            dead = self.city.dead
            self._silence.hush(address for address, at in self._at.items() if at <= dead)


def communities(inventory: Inventory, community: str | None = None) -> dict[str, str]:
    """The community of each version 2c credential: the one given, else as the inventory says.

    Raises:
        ConfigError: a secret cannot be opened.
        LabError: no device could be asked.
    """
    known = {
        name: community or snmp.community.open()
        for name, snmp in inventory.credentials.snmp.items()
        if snmp.version == "2c" and snmp.community
    }
    if not any(device.snmp in known for device in inventory.devices):
        raise LabError("no device names an SNMP 2c credential; add snmp: to the devices")
    return known
