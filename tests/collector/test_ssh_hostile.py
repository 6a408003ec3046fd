"""Whatever a device does to us, it costs bounded time and memory, and nobody else waits."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cli_answers
import pytest
from daemons import free_port
from ssh_actor import Actor, Part, tcp_server
from ssh_asking import HUAWEI, LOGIN, device, password_set_and_threads_ended, refused

from collector.hostkeys import HostKeys
from collector.probes.ssh import ask
from collector.profiles import load
from edunet.errors import ProbeError

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture
def tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with password_set_and_threads_ended(monkeypatch):
        yield


@pytest.fixture
def hostkeys(tmp_path: Path) -> HostKeys:
    return HostKeys(tmp_path / "known_hosts")


def test_a_dead_port_is_said_at_once(hostkeys: HostKeys) -> None:
    began = time.monotonic()
    port = free_port()

    assert f"does not answer by ssh at [127.0.0.1]:{port}: connection refused" in str(
        refused(port, hostkeys)
    )
    assert time.monotonic() - began < 5


def _silent(caller: socket.socket) -> None:
    caller.recv(1)
    while caller.recv(65536):
        pass


def _drips(caller: socket.socket) -> None:
    while True:
        caller.sendall(b"x")
        time.sleep(0.05)


def _banner_then_silent(caller: socket.socket) -> None:
    caller.sendall(b"SSH-2.0-Slow\r\n")
    _silent(caller)


@pytest.mark.parametrize("behave", [_silent, _drips, _banner_then_silent])
def test_a_device_that_never_finishes_is_left_at_the_deadline(
    behave: Callable[[socket.socket], None], hostkeys: HostKeys
) -> None:
    with tcp_server(behave) as port:
        assert "took too long by ssh" in str(refused(port, hostkeys, timeout=1))


@pytest.mark.parametrize("before", [b"", b"SSH-2.0-Loud\r\n"], ids=["at once", "after the banner"])
def test_a_flood_before_the_login_is_cut_off_early(before: bytes, hostkeys: HostKeys) -> None:
    sent = 0

    def flood(caller: socket.socket) -> None:
        nonlocal sent
        caller.sendall(before)
        while sent < 50_000_000:
            sent += caller.send(b"y" * 65536)

    began = time.monotonic()
    with tcp_server(flood) as port:
        refused(port, hostkeys)
    assert time.monotonic() - began < 10
    assert sent < 10_000_000  # what the kernel's buffers take, not what was read


def test_lines_without_end_before_the_banner_are_cut_off(hostkeys: HostKeys) -> None:
    def flood(caller: socket.socket) -> None:
        for _ in range(500_000):
            caller.sendall(b"welcome, dear guest, please read this first\r\n" * 100)

    with tcp_server(flood) as port:
        refused(port, hostkeys)


def test_a_packet_said_to_be_huge_takes_no_memory(hostkeys: HostKeys) -> None:
    def boast(caller: socket.socket) -> None:
        caller.sendall(b"SSH-2.0-Big\r\n" + (0x7FFFFFF4).to_bytes(4, "big") + b"\x04" * 1000)
        _silent(caller)

    with Actor(HUAWEI).on_stage() as actor:  # the libraries are loaded, and not counted
        ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)
    with tcp_server(boast) as port:
        tracemalloc.start()
        try:
            refused(port, hostkeys, timeout=1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 20_000_000


def test_a_flood_after_the_login_is_cut_off(hostkeys: HostKeys) -> None:
    with Actor(Part(prompt="<SW-1>", floods=True)).on_stage() as actor:
        assert "said too much by ssh" in str(refused(actor.port, hostkeys))


def test_a_flood_as_an_answer_is_cut_off(hostkeys: HostKeys) -> None:
    part = Part(prompt="<SW-1>", answers={"display version": ("z" * 70 + "\n") * 60_000})
    with Actor(part).on_stage() as actor:
        assert "said too much by ssh" in str(refused(actor.port, hostkeys))


@pytest.mark.parametrize("when", ["login", "answer"])
def test_a_device_that_hangs_up_is_noticed_at_once(when: str, hostkeys: HostKeys) -> None:
    began = time.monotonic()
    part = Part(prompt="<SW-1>", answers=cli_answers.HUAWEI, hangs_up=when)
    with Actor(part).on_stage() as actor:
        assert "hung up" in str(refused(actor.port, hostkeys, timeout=30))
    assert time.monotonic() - began < 10


def test_what_a_stranger_sends_does_not_reach_our_log(
    hostkeys: HostKeys, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def mail_server(caller: socket.socket) -> None:
        caller.sendall(b"220 mail.example ESMTP\r\n" * 200)

    with tcp_server(mail_server) as port:
        assert "hung up, or does not speak ssh" in str(refused(port, hostkeys))

    assert [] == caplog.records
    assert ("", "") == tuple(capfd.readouterr())


def test_a_device_that_falls_silent_after_the_login_is_left_at_the_deadline(
    hostkeys: HostKeys,
) -> None:
    with Actor(Part(prompt="<SW-1>", mute=True)).on_stage() as actor:
        refused(actor.port, hostkeys, timeout=2)


def test_many_devices_are_asked_side_by_side(hostkeys: HostKeys, tmp_path: Path) -> None:
    profile = load("huawei_vrp")
    with Actor(HUAWEI).on_stage() as good, tcp_server(_silent) as dead:

        def attempt(port: int) -> bool:
            try:
                timeout = 2 if port == dead else 15
                return bool(ask(device(port), LOGIN, profile, hostkeys, timeout=timeout))
            except ProbeError:
                return False

        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(attempt, [good.port, good.port, dead, good.port, good.port]))

    assert [True, True, False, True, True] == done
    assert 1 == len([line for line in (tmp_path / "known_hosts").read_text().splitlines() if line])
