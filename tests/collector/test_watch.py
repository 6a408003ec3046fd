"""The collector's thread: it starts, ends in time, is urged from outside, and says why it died."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from daemons import until
from polled import Ear, inventory, polling, snmp

from collector.hostkeys import HostKeys
from collector.logins import Logins
from collector.polling import Polling
from collector.probes.icmp import Pinger
from collector.reaching import Reaching
from collector.watch import Watch
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.health import Health
from edunet.inventory.model import Device
from edunet.settings import Intervals
from edunet.topology import compile_topology
from lab import free_port

HOURLY = Intervals.model_validate({"links": "1h", "interfaces": "1h"})


class House:
    """A watch over eight devices of which nobody is there, on loopback."""

    def __init__(self, folder: Path, reach: str = "tcp/9", how: Intervals = HOURLY) -> None:
        self.devices = [
            Device.model_validate(
                {"id": f"d{n}", "site": "city", "address": f"127.31.0.{n}", "port": free_port(),
                 "snmp": "ro", "reach": reach}
            )
            for n in range(1, 9)
        ]  # fmt: skip
        what = inventory(self.devices, {"d1": "GE0/0/1"})
        topology, clock = compile_topology(what), SystemClock()
        self.ear, self.health = Ear(), Health()
        transport = snmp()
        self.polling: Polling = polling(what, transport, clock, how)
        reaching = Reaching(topology, Catalog(), 0.2, clock)
        keys = HostKeys(folder / "known_hosts")
        logins = Logins(topology, 60, {}, keys, lambda _: "", clock)
        self.watch = Watch(self.polling, reaching, logins, transport, self.ear, self.health)

    @property
    def threads(self) -> list[str]:
        return [each.name for each in threading.enumerate() if each.name == "collector"]


@contextmanager
def started(house: House) -> Iterator[House]:
    house.watch.start()
    try:
        yield house
    finally:
        house.watch.stop()


@pytest.fixture(autouse=True)
def _quiet_loop(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is left behind for asyncio to complain of."""
    yield
    told = [r.getMessage() for r in caplog.get_records("call") if r.name == "asyncio"]
    assert [] == told


def test_it_ends_in_time_with_questions_under_way(tmp_path: Path) -> None:
    house = House(tmp_path)
    with ExitStack() as sockets:
        silent = [
            sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for _ in house.devices
        ]
        for udp, device in zip(silent, house.devices, strict=True):
            udp.bind((str(device.address), device.port))
        with started(house):
            until(lambda: len(select.select(silent, [], [], 0)[0]) >= 3, "three questions", 10)
            began = time.monotonic()
        took = time.monotonic() - began

    assert took < 3
    assert [] == house.threads
    assert house.watch.error is None


def test_it_ends_when_it_is_ended_before_it_has_begun(tmp_path: Path) -> None:
    for _ in range(20):
        house = House(tmp_path)
        house.watch.start()
        house.watch.stop()
        assert [] == house.threads
        assert house.watch.error is None


def test_it_may_be_ended_twice_and_urged_afterwards(tmp_path: Path) -> None:
    house = House(tmp_path)
    with started(house):
        pass
    house.watch.stop()
    house.watch.urge(["d1"])

    assert [] == house.threads


def test_an_urge_from_another_thread_is_heard_at_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    with started(house):
        # Nobody listens on the ports, so each device answers as dead at once; then for an hour
        # nothing is due.
        until(lambda: len(house.ear.of("device")) >= 8, "the first round", 10)
        before = len(house.ear.of("device"))
        began = time.monotonic()
        house.watch.urge(["d1"])
        until(lambda: len(house.ear.of("device")) > before, "the urged question", 2)
        took = time.monotonic() - began

    assert took < 0.6


def test_what_it_died_of_is_kept_in_words_that_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: Pinger) -> None:
        raise RuntimeError("a bug in the echoes")

    monkeypatch.setattr(Pinger, "open", refuse)
    house = House(tmp_path, reach="icmp")
    caplog.set_level(logging.CRITICAL, "collector")
    house.watch.start()
    until(lambda: house.watch.error is not None, "the end", 5)
    until(lambda: not house.threads, "the thread's end", 5)
    house.watch.urge(["d1"])
    house.watch.stop()

    assert isinstance(house.watch.error, RuntimeError)
    assert ["the collector stopped: a bug in the echoes"] == [
        record.getMessage() for record in caplog.records
    ]


def test_its_cpu_time_and_lag_are_accounted_for(tmp_path: Path) -> None:
    house = House(tmp_path)
    with started(house):
        read = house.health.registry.get_sample_value
        until(lambda: bool(read("edunet_poll_cpu_seconds_total")), "a second's account", 5)

    spent = read("edunet_poll_cpu_seconds_total")
    assert spent is not None
    assert 0 < spent < 5
    lag = read("edunet_loop_lag_seconds", {"thread": "collector"})
    assert lag is not None
    assert 0 <= lag < 2
