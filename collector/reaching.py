"""Finds out who answers: ICMP sweeps of all, TCP connections where those are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import numpy as np

from collector.consumer import Consumer
from collector.probes.icmp import Pinger, Target
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.frame import Frame
from edunet.inventory.model import Device
from edunet.topology import Topology

_ECHOES: Final = 3
_GAP_S: Final = 0.1
_WAIT_S: Final = 0.8  # longer than a geostationary satellite needs
_TCP_WAIT_S: Final = 1.0


class Reaching:
    """The reachability side of one collector; `run` never returns."""

    def __init__(self, topology: Topology, catalog: Catalog, period_s: float, clock: Clock) -> None:
        self._catalog, self._period_s, self._clock = catalog, period_s, clock
        devices = [device for device in topology.inventory.devices if device.address]
        self.by_icmp = [device for device in devices if device.reach == "icmp"]
        self.by_tcp = [device for device in devices if device.reach.startswith("tcp/")]

    async def run(self, consumer: Consumer) -> None:
        """Sweep everything once a period; a slow sweep does not hold up the next.

        Raises:
            ProbeError: at once, when the right to send echoes is missing.
        """
        pinger = Pinger()
        try:
            if self.by_icmp:
                pinger.open()
            async with asyncio.TaskGroup() as group:
                if self.by_icmp:
                    group.create_task(self._icmp(pinger, consumer))
                for device in self.by_tcp:
                    group.create_task(self._tcp(device, consumer))
        finally:
            pinger.close()

    async def _icmp(self, pinger: Pinger, consumer: Consumer) -> None:
        targets = [
            Target(self._catalog.slot("probe", device.id), device.address)
            for device in self.by_icmp
            if device.address
        ]
        async with asyncio.TaskGroup() as group:
            async for _ in beat(self._period_s):
                group.create_task(self._sweep(pinger, targets, consumer))

    async def _sweep(self, pinger: Pinger, targets: list[Target], consumer: Consumer) -> None:
        consumer.frame(await pinger.sweep(targets, count=_ECHOES, gap_s=_GAP_S, wait_s=_WAIT_S))

    async def _tcp(self, device: Device, consumer: Consumer) -> None:
        slot = self._catalog.slot("probe", device.id)
        port = int(device.reach.removeprefix("tcp/"))
        async for _ in beat(self._period_s):
            now, rtt = self._clock.now(), await connect(str(device.address), port)
            consumer.frame(
                Frame(
                    "probe",
                    np.array([slot], np.int32),
                    np.array([now], np.int64),
                    {
                        "sent": np.array([1], np.int16),
                        "received": np.array([rtt is not None], np.int16),
                        "rtt_s": np.array([np.nan if rtt is None else rtt]),
                        "jitter_s": np.array([np.nan]),
                        "loss": np.array([float(rtt is None)]),
                    },
                )
            )


async def beat(period_s: float) -> AsyncIterator[None]:
    """Ticks of the event loop's clock, one a period; ticks that were missed are left out."""
    loop = asyncio.get_running_loop()
    start, tick = loop.time(), 0
    while True:
        yield
        tick = max(tick + 1, int((loop.time() - start) / period_s))
        await asyncio.sleep(max(0.0, start + tick * period_s - loop.time()))


async def connect(address: str, port: int) -> float | None:
    """Seconds a TCP connection took, or None. Refused is an answer: somebody is there."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_TCP_WAIT_S):
            _, writer = await asyncio.open_connection(address, port)
        writer.close()
    except ConnectionRefusedError:
        return time.perf_counter() - started
    except OSError:  # a TimeoutError is an OSError
        return None
    return time.perf_counter() - started
