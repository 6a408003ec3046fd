"""The running city: agents, silence and control in one loop, until it is told to end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from typing import Any, Final

from edunet.clock import Clock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import control, echo, orders
from lab.agents import Agents, loopback
from lab.city import City
from lab.echo import Echo
from lab.kinds import HONEST
from lab.quality import WHOLE, Quality
from lab.recording import Recording
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
        dice = Random()  # noqa: S311 (loss, not secrets)
        self.agents = Agents(self.city, inventory, communities, dice)
        self._data = data
        self._silence = Silence() if able() else None
        self._echo = Echo(dice) if self._silence and echo.able() else None
        self._reading = asyncio.Lock()
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
            server = await control.serve(door, self._heed)
            ready(self)
            while not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _TICK_S)
                if self.city.settle():
                    self._settle_pings()
        finally:
            if server:
                server.close()
            door.close()
            with suppress(OSError):
                (self._data / control.SOCKET).unlink()
            self.agents.close(loop)
            if self._echo:
                self._echo.close(loop)
            if self._silence:
                self._silence.close()

    async def _heed(self, order: object) -> dict[str, Any]:
        """Obey; a recording is read beside the loop, for agents must not wait for it."""
        path = orders.recording_of(order)
        async with self._reading:
            fetch = self.city.cast.fetch
            recording = await asyncio.to_thread(fetch, path) if path else None
        return self.obey(order, recording)

    def obey(self, order: object, recording: Recording | None = None) -> dict[str, Any]:
        """Carry out one order, and tell how the city stands.

        Raises:
            LabError: the order makes no sense here.
        """
        self.city.settle()
        orders.perform(self.city, order, recording)
        self._settle_pings()
        return self.status()

    def status(self) -> dict[str, Any]:
        """How the city stands, as `edunet lab status --json` prints it."""
        city, parts = self.city, self.city.cast.parts
        return {
            "network": city.name,
            "uptime_s": city.time() / 1000,
            "links": len(city.links),
            "devices": len(city.devices),
            "agents": len(self.agents),
            "silences_ping": self.pings,
            "degrades_ping": self._echo is not None,
            "cut": sorted(city.cuts - city.flaps.keys()),
            "flapping": sorted(city.flaps),
            "dark": sorted(city.dark),
            "rebooting": sorted(city.rebooting),
            "silent": sorted(city.dead),
            "hung": sorted(city.hung),
            "degraded": {link: way._asdict() for link, way in sorted(city.degraded.items())},
            "kinds": {d: part.kind for d, part in sorted(parts.items()) if part.kind != HONEST},
            "playing": {
                device: {
                    "file": part.recording.file,
                    "objects": len(part.recording.keys),
                    "repeated": part.recording.repeated,
                }
                for device, part in sorted(parts.items())
                if part.recording
            },
            "asked": self.agents.asked,
            "answered": self.agents.answered,
        }

    def _settle_pings(self) -> None:
        """The dead answer no ping, the kernel answers for the well, and we for those between."""
        if self._silence:
            dead = self.city.dead
            self._silence.hush(address for address, at in self._at.items() if at <= dead)
        if self._silence and self._echo:
            loop, ways = asyncio.get_running_loop(), self._bad_ways()
            if ways:
                self._echo.open(loop, ways)
            self._silence.take_over(ways)
            if not ways:
                self._echo.close(loop)

    def _bad_ways(self) -> dict[IPv4Address, Quality]:
        """Of several devices at one address, the one best reached answers a ping."""
        if not self.city.ways:
            return {}
        best = {
            address: min(self.city.way(device) for device in at - self.city.dead)
            for address, at in self._at.items()
            if not at <= self.city.dead
        }
        return {address: way for address, way in best.items() if way != WHOLE}


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
