"""Finds out who answers: ICMP sweeps of all, TCP connections where those are asked for."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from collector.consumer import Consumer
from collector.probes.icmp import Burst, Pinger, Target
from collector.suspicion import ECHOES, Suspicion
from collector.thin import thin_lines
from collector.window import Window
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.inventory.model import Device
from edunet.topology import Topology

_GAP_S: Final = 0.1
_WAIT_S: Final = 0.8
_SATELLITE_WAIT_S: Final = 2.0  # 0.6 s is the way alone; queues at both ends come on top
_UNASKED_S: Final = 10.0  # how often it is told of those we may not ping that nobody asked them
_TCP_WAIT_S: Final = 1.0
_NO_WAY: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH}

log = logging.getLogger(__name__)


class Sweep(NamedTuple):
    """Whom to ask together, how long to wait for the last, what came of it lately and of whom."""

    targets: Sequence[Target]
    wait_s: float
    window: Window
    suspicion: Suspicion


class Reaching:
    """The reachability side of one collector; `run` never returns."""

    def __init__(self, topology: Topology, catalog: Catalog, period_s: float, clock: Clock) -> None:
        self._catalog, self._period_s, self._clock = catalog, period_s, clock
        devices = [device for device in topology.watched if device.address]
        self.by_icmp = [device for device in devices if device.reach == "icmp"]
        self.by_tcp = [device for device in devices if device.reach.startswith("tcp/")]
        self._satellite, self._lines = topology.by_satellite, thin_lines(topology)

    async def run(self, consumer: Consumer) -> None:
        """Sweep everything once a period; a slow sweep does not hold up the next.

        Without the right to ping, those to be pinged are told as not asked.
        """
        pinger, period_s = Pinger(), self._period_s
        try:
            if self.by_icmp:
                try:
                    pinger.open()
                except ProbeError as error:
                    log.info("%d devices are not pinged: %s", len(self.by_icmp), error)
                    period_s = max(period_s, _UNASKED_S)
            async with asyncio.TaskGroup() as group:
                for sweep in self._sweeps(period_s):
                    group.create_task(_icmp(pinger, sweep, period_s, consumer))
                for device in self.by_tcp:
                    group.create_task(self._tcp(device, consumer))
        finally:
            pinger.close()

    def _sweeps(self, period_s: float) -> list[Sweep]:
        """Those behind a satellite apart: nobody else is judged later because of them."""
        near = [device for device in self.by_icmp if device.id not in self._satellite]
        far = [device for device in self.by_icmp if device.id in self._satellite]
        return [
            Sweep(
                self._targets(some),
                wait_s,
                Window(len(some), 1, period_s),
                Suspicion([self._lines.get(device.id) for device in some], period_s),
            )
            for some, wait_s in ((near, _WAIT_S), (far, _SATELLITE_WAIT_S))
            if some
        ]

    def _targets(self, devices: Sequence[Device]) -> list[Target]:
        return [
            Target(self._catalog.slot("probe", device.id), device.address)
            for device in devices
            if device.address
        ]

    async def _tcp(self, device: Device, consumer: Consumer) -> None:
        slot = self._catalog.slot("probe", device.id)
        port = int(device.reach.removeprefix("tcp/"))
        window = Window(1, 1, self._period_s)
        async for _ in beat(self._period_s):
            began, took = self._clock.now() * 1_000_000, None
            sent = began
            try:
                took = await connect(str(device.address), port)
            except OSError:  # no socket, no way out: that says nothing of the device
                sent = 0
            back = 0 if took is None else sent + max(1, round(took * 1e9))
            burst = Burst([slot], np.array([[sent]]), np.array([[back]]), began)
            consumer.frame(window.frame(burst))


async def _icmp(pinger: Pinger, sweep: Sweep, period_s: float, consumer: Consumer) -> None:
    async def once() -> None:
        burst = await pinger.burst(
            sweep.targets,
            count=ECHOES,
            gap_s=_GAP_S,
            wait_s=sweep.wait_s,
            further=sweep.suspicion.further,
        )
        sweep.suspicion.over(burst.sent, burst.back)
        consumer.frame(sweep.window.frame(burst))

    async with asyncio.TaskGroup() as group:
        async for _ in beat(period_s):
            group.create_task(once())


async def beat(period_s: float) -> AsyncIterator[None]:
    """Ticks of the event loop's clock, one a period; ticks that were missed are left out."""
    loop = asyncio.get_running_loop()
    start, tick = loop.time(), 0
    while True:
        yield
        tick = max(tick + 1, int((loop.time() - start) / period_s))
        await asyncio.sleep(max(0.0, start + tick * period_s - loop.time()))


async def connect(address: str, port: int) -> float | None:
    """Seconds a TCP connection took, or None. Refused is an answer: somebody is there.

    Raises:
        OSError: it was not even tried; this machine lacks a socket, or a way out.
    """
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_TCP_WAIT_S):
            _, writer = await asyncio.open_connection(address, port)
        writer.close()
    except (ConnectionRefusedError, ConnectionResetError):
        return time.perf_counter() - started
    except TimeoutError:  # ours, or ETIMEDOUT
        return None
    except OSError as error:
        if error.errno in _NO_WAY and _way_out(address):  # a router on the way said it
            return None
        raise
    return time.perf_counter() - started


def _way_out(address: str) -> bool:
    """Whether this machine knows a way there; nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as found:
            found.connect((address, 9))
    except OSError:
        return False
    return True
