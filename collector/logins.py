"""Logs in to the devices that have a login, rarely, a few at a time, in a pool of threads."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from collector.consumer import Consumer
from collector.hostkeys import HostKeys
from collector.profiles import Profile, match
from edunet.clock import Clock
from edunet.errors import ConfigError, EdunetError
from edunet.facts import Cli
from edunet.inventory.model import Device, Ssh
from edunet.topology import Topology

_AT_ONCE: Final = 8
_TIMEOUT_S: Final = 30.0
_FIRST_ROUND_S: Final = 60.0  # a login is a heavy thing for a switch: the first round is spread

log = logging.getLogger(__name__)


class Logins:
    """The SSH side of one collector; `run` never returns. Sends only what the profiles allow."""

    def __init__(
        self,
        topology: Topology,
        period_s: float,
        profiles: Mapping[str, Profile],
        hostkeys: HostKeys,
        object_id: Callable[[str], str],
        clock: Clock,
    ) -> None:
        """`object_id` answers the sysObjectID of a device as far as it is known, else ""."""
        self._logins = topology.inventory.credentials.ssh
        self._devices = [device for device in topology.watched if device.ssh]
        self._period_s, self._profiles, self._hostkeys = period_s, profiles, hostkeys
        self._object_id, self._clock = object_id, clock
        self._trouble: dict[str, str | None] = {}

    async def run(self, consumer: Consumer) -> None:
        """Ask every device once a period; a refusal is told once, and once when it is over."""
        if not self._devices:
            return
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ssh")
        try:
            async with asyncio.TaskGroup() as group:
                for device in self._devices:
                    group.create_task(self._watch(device, pool, consumer))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def profile(self, device: Device) -> Profile:
        """The profile the inventory names, else the one that fits the device, else `generic`.

        Raises:
            ConfigError: there is none of the name in the inventory.
        """
        if device.profile != "auto":
            named = self._profiles.get(device.profile.replace("-", "_"))
            if named is None:
                known = ", ".join(sorted(self._profiles))
                raise ConfigError(
                    f"{device.id}: no profile {device.profile!r}; choose one of {known}"
                )
            return named
        found = match(self._object_id(device.id), self._profiles)
        return found if found and found.ssh else self._profiles["generic"]

    async def _watch(self, device: Device, pool: ThreadPoolExecutor, consumer: Consumer) -> None:
        spread = min(_FIRST_ROUND_S, self._period_s)
        await asyncio.sleep(spread * (zlib.crc32(device.id.encode()) / 2**32))
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            cli = await loop.run_in_executor(pool, self._ask, device)
            consumer.cli(device.id, cli)
            if cli.trouble != self._trouble.get(device.id):
                log.info("%s", cli.trouble or f"{device.id} answers by ssh again")
                self._trouble[device.id] = cli.trouble
            await asyncio.sleep(max(1.0, started + self._period_s - loop.time()))

    def _ask(self, device: Device) -> Cli:
        from collector.probes.ssh import ask  # netmiko costs a second and 60 MB: only who logs in

        login: Ssh = self._logins[device.ssh or ""]
        try:
            said = ask(device, login, self.profile(device), self._hostkeys, timeout=_TIMEOUT_S)
        except EdunetError as error:
            return Cli(self._clock.now(), trouble=str(error))
        except Exception as error:  # what no one foresaw of one device must not end all the others
            log.exception("%s: its answers by ssh could not be read", device.id)
            return Cli(self._clock.now(), trouble=f"{device.id}: {type(error).__name__}")
        return Cli(self._clock.now(), said.version, said.model, said.uptime_s, said.interfaces)
