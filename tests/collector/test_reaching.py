"""Who is reached: sweeps that keep their beat, TCP connections, and what silence costs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from daemons import binary
from echoes import pinger, targets
from netns import Namespace, namespaces
from polled import Ear, inventory

from collector.probes.icmp import Burst, Pinger
from collector.reaching import Reaching, beat, connect
from collector.suspicion import ECHOES, Suspicion
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.errors import ProbeError
from edunet.inventory.model import Device
from edunet.topology import compile_topology

daemon = pytest.mark.daemon


@pytest.fixture
def space() -> Iterator[Namespace]:
    """A machine of our own, in which 127.30.0.66 answers nothing at all."""
    binary("nft")
    with namespaces("reach") as (made,), made.entered():
        rules = "type filter hook input priority 0; policy accept;\nip daddr 127.30.0.66 drop"
        made.run("nft", f"table inet t {{\nchain c {{\n{rules}\n}}\n}}")
        yield made


def reached_by(**reaches: str) -> tuple[Reaching, Catalog]:
    """Devices by name, each as `ADDRESS how`."""
    devices = [
        Device.model_validate({"id": n, "site": "city", "address": a, "reach": how})
        for n, (a, how) in ((name, each.split()) for name, each in reaches.items())
    ]
    catalog = Catalog()
    return Reaching(compile_topology(inventory(devices)), catalog, 0.2, SystemClock()), catalog


async def heard(reaching: Reaching, seconds: float) -> Ear:
    """What comes within so many seconds; afterwards nothing of it is left."""
    ear = Ear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await reaching.run(ear)
    assert {asyncio.current_task()} == asyncio.all_tasks()
    return ear


@daemon
async def test_the_living_and_the_dead_are_told_apart_by_either_way(space: Namespace) -> None:
    with socket.create_server(("127.30.0.1", 0), backlog=100) as server:
        port = server.getsockname()[1]
        reaching, catalog = reached_by(
            alive="127.30.0.2 icmp",
            dead="127.30.0.66 icmp",
            listens=f"127.30.0.1 tcp/{port}",
            refuses="127.30.0.3 tcp/9",
            silent="127.30.0.66 tcp/9",
        )
        ear = await heard(reaching, 2.6)

    received: dict[str, list[Any]] = {}
    for frame in ear.of("probe"):
        for row, slot in enumerate(frame.slots.tolist()):
            name = catalog.key("probe", slot)[0]
            received.setdefault(name, []).append(
                (int(frame.columns["received"][row]), float(frame.columns["loss"][row]))
            )
    # Somebody who refuses is there: the question is whether the device is reached.
    assert {(1, 0.0)} == set(received["alive"])
    assert {(0, 1.0)} == set(received["dead"])
    assert {(1, 0.0)} == set(received["listens"]) == set(received["refuses"])
    assert {(0, 1.0)} == set(received["silent"])
    # A sweep that waits for the dead takes a second, and holds up no other: every 0.2 s one began.
    times = sorted(int(f.times[0]) for f in ear.of("probe") if len(f) == 2)
    assert len(times) >= 7
    assert all(100 < gap < 350 for gap in np.diff(times))


@daemon
async def test_who_answers_gets_one_echo_and_the_dead_three(space: Namespace) -> None:
    suspicion = Suspicion([None] * 2, 1.0)
    asked = targets("127.30.0.2", "127.30.0.66")
    bursts: list[Burst] = []
    async with pinger() as sending:
        for _ in range(3):
            burst = await sending.burst(
                asked, count=ECHOES, gap_s=0.05, wait_s=0.2, further=suspicion.further
            )
            suspicion.over(burst.sent, burst.back)
            bursts.append(burst)

    assert [[1, 3], [1, 3], [1, 1]] == [(b.sent > 0).sum(axis=1).tolist() for b in bursts]
    assert [[1, 0]] * 3 == [(b.back > 0).sum(axis=1).tolist() for b in bursts]


@daemon
async def test_a_connection_is_timed_refused_or_given_up(space: Namespace) -> None:
    with socket.create_server(("127.30.0.1", 0)) as server:
        opened = await connect("127.30.0.1", server.getsockname()[1])
    refused = await connect("127.30.0.1", 9)
    started = time.monotonic()
    silent = await connect("127.30.0.66", 9)
    took = time.monotonic() - started

    assert opened is not None
    assert 0 < opened < 0.5
    assert refused is not None
    assert 0 < refused < 0.5
    assert silent is None
    assert 0.9 < took < 1.5
    with pytest.raises(OSError, match="unreachable"):  # never tried: no news of the device
        await connect("198.51.100.1", 9)


async def test_without_the_right_to_ping_they_are_told_as_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Pinger) -> None:
        raise ProbeError("no right to send ICMP echoes")

    monkeypatch.setattr(Pinger, "open", refuse)
    reaching, _ = reached_by(a="127.30.0.1 icmp", b="127.30.0.2 icmp", c="127.30.0.3 tcp/9")

    ear = await heard(reaching, 1.2)

    (told,) = (frame for frame in ear.of("probe") if len(frame) == 2)
    assert [0, 0] == told.columns["sent"].tolist() == told.columns["received"].tolist()
    assert np.isnan(told.columns["loss"]).all()
    assert not told.asked().any()
    assert 4 <= len(ear.frames) - 1 <= 7, "and the others go on"


async def test_who_is_reached_by_tcp_alone_needs_no_right_to_ping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Pinger, "open", lambda self: pytest.fail("sockets were opened"))
    reaching, _ = reached_by(a="127.30.0.1 tcp/9", b="127.30.0.2 snmp")

    ear = await heard(reaching, 0.3)

    assert {1} == {len(frame) for frame in ear.frames}
    assert 2 <= len(ear.frames) <= 3


async def test_missed_beats_are_left_out() -> None:
    loop = asyncio.get_running_loop()
    began, beats = loop.time(), []
    async for _ in beat(0.05):
        beats.append(loop.time() - began)
        if len(beats) == 2:
            while loop.time() < began + 0.22:  # somebody holds the loop
                pass
        if len(beats) == 5:
            break

    assert all(abs(at / 0.05 - round(at / 0.05)) < 0.4 for at in (beats[0], beats[1], *beats[3:]))
    assert beats[2] < 0.26
    assert [5, 6] == [round(at / 0.05) for at in beats[3:]]
