"""What the benches are made of: costs of processes, children, daemons, the floor, the witness."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

import lab
from collector.transports import Answer, Ask, Found
from edunet.cli._bench_child import Child
from edunet.cli._bench_collector import Witness
from edunet.cli._bench_daemons import Daemon, free_tcp_port, samples, scrape
from edunet.cli._bench_floor import Floor, compiled
from edunet.cli._bench_machine import GCC, Program, about, cpu_s, peak_mb
from edunet.cli._bench_network import COMMUNITY, groups, listed, switches
from edunet.cli._bench_ways import names, questions
from edunet.errors import EdunetError
from edunet.facts import Port
from edunet.frame import Frame
from edunet.inventory.model import Device

SWITCH = switches(1, 28).devices[0]
PORTS = tuple(Port(n, f"GE0/0/{n}", f"GE0/0/{n}", "", 10 + n) for n in range(1, 29))


def test_cpu_and_memory_are_those_of_the_process() -> None:
    before, until = cpu_s(os.getpid()), time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert cpu_s(os.getpid()) >= before + 0.08  # it counts in hundredths
    with Child("idle", _echo) as child:
        assert 5 == child.ask(5)
        assert 1 < child.peak_mb < 500
        assert child.cpu_s > 0
    assert peak_mb() > 1


def test_what_is_not_installed_is_named() -> None:
    told = "\n".join(about("pytest", "no-such-package", programs=(Program("no-such-program"),)))

    assert f"beside it: pytest {pytest.__version__}" in told
    assert "not installed here, so not measured: no-such-package, no-such-program" in told


def _echo(pipe: Connection) -> None:
    while True:
        pipe.send(pipe.recv())


def _broken(pipe: Connection) -> None:
    raise ValueError(f"no good: {pipe.recv()}")


def _gone(pipe: Connection) -> None:
    pipe.recv()


def test_a_child_that_fails_says_why_and_one_that_ends_is_missed() -> None:
    with Child("the child", _broken) as child, pytest.raises(EdunetError) as failed:
        child.ask("word")
    assert "the child: ValueError: no good: word" == str(failed.value)
    with Child("the child", _gone) as child, pytest.raises(EdunetError, match="before its time"):
        child.ask("word")


def test_a_daemon_that_does_not_come_up_is_quoted() -> None:
    command = [sys.executable, "-c", "print('no such flag')"]

    with pytest.raises(EdunetError, match="a daemon does not come up: no such flag"):
        Daemon("a daemon", command, free_tcp_port(), "/")


def test_what_the_exporter_says_of_itself_is_no_value_of_the_device() -> None:
    body = b'# HELP x y\nifInErrors{ifIndex="1"} 0\nsnmp_scrape_duration_seconds 1\nsysUpTime 5\n'

    assert 2 == samples(body)
    target = f"{SWITCH.address}%3A{SWITCH.port}"
    assert f"/snmp?module=get&target={target}" == scrape("get", SWITCH)


def test_the_same_is_asked_in_as_few_questions_as_batches_need() -> None:
    ask = Ask(SWITCH, 0, PORTS)
    asked = questions(ask)

    assert sorted(names(ask)) == sorted(name for some in asked for name in some)
    assert max(map(len, asked)) <= 57
    assert max(map(len, asked)) - min(map(len, asked)) <= 1
    assert len(set(names(ask))) == len(names(ask))


@pytest.mark.skipif(GCC.path is None, reason="gcc is not installed")
def test_the_floor_counts_replies_and_waits_for_no_dead_device_for_ever(tmp_path: Path) -> None:
    inventory = switches(2, 28)
    program = compiled(tmp_path)
    assert program is not None
    with lab.start(inventory, COMMUNITY, tmp_path) as city:
        asks = listed(inventory.devices)
        floor = Floor(program, asks)
        try:
            whole = floor.turn()
            city.ask("hang", "sw2")
            half = floor.turn()
        finally:
            floor.close()
    due = len(names(asks[0]))
    assert (2, 2 * due) == (whole.devices, whole.values)
    assert due == half.values


def test_gcc_is_quoted_where_it_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "floor.c:1: no")

    monkeypatch.setattr(Program, "path", "/bin/gcc")
    monkeypatch.setattr(subprocess, "run", refuses)
    with pytest.raises(EdunetError, match=r"gcc refuses floor\.c: floor\.c:1: no"):
        compiled(tmp_path)
    monkeypatch.setattr(Program, "path", None)
    assert compiled(tmp_path) is None


class _Half:
    """A transport whose answers hold the rows of some ports alone."""

    def __init__(self, *slots: int) -> None:
        self._slots = slots

    async def discover(self, device: Device) -> Found:
        return Found(device.id, "", "", 0, ())

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        for ask in asks:
            slots = np.array(self._slots, np.int32)
            times = np.zeros(len(slots), np.int64)
            yield Answer(ask, (Frame("interface", slots, times, {}),), answered=1)

    async def close(self) -> None: ...


async def test_the_witness_counts_ports_without_a_row_and_in_how_many_pieces() -> None:
    """Ports 1-2, 5 and 27-28 of 28 lack their rows: five, in three pieces."""
    slots = [port.slot for port in PORTS]
    there = [slot for slot in slots if slot - 10 not in {1, 2, 5, 27, 28}]
    witness = Witness(_Half(*there))
    witness.late[SWITCH.id] = 0.25
    for number in range(2):  # rows of the round before do not count in this one
        async for _ in witness.poll([Ask(SWITCH, 0, PORTS)]):
            pass
        await witness.until(lambda: len(witness.told) > number, 5.0)  # noqa: B023 (at once)
    first, again = witness.told

    assert (5, 3) == (first.missing, first.runs) == (again.missing, again.runs)
    assert (True, True) == (first.heard, again.heard)
    assert pytest.approx(0.25) == first.asked - first.due
    assert again.asked == again.due
    assert {} == witness.open


def test_a_group_is_cut_by_one_cable(tmp_path: Path) -> None:
    network = groups({"good": 2, "dead": 3})
    with lab.start(network, COMMUNITY, tmp_path) as city:
        silent = city.ask("cut", "dead")["silent"]

    assert ["of-dead", "sw3", "sw4", "sw5"] == silent
