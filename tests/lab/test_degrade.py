"""Does a degraded link lose and delay real SNMP and real pings, and only its own?"""

from __future__ import annotations

import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from questions import SYS_NAME, ask

import lab
from edunet.inventory.model import Inventory
from lab import ber, control, echo
from lab.silence import Silence

COMMUNITY = b"sesame"
N = 400
pings = pytest.mark.skipif(
    not (lab.able() and echo.able() and shutil.which("ping")),
    reason="needs ping, nft, CAP_NET_ADMIN and CAP_NET_RAW",
)


@pytest.fixture(scope="module")
def beside(sample: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inventory]:
    """A second city, small and whole, that is played while the first one suffers."""
    core, agg = (d for d in sample.devices if d.id in {"core", "c3-agg"})
    links = tuple(link for link in sample.links if link.id == "core-c3")
    small = sample.model_copy(update={"devices": (core, agg), "links": links})
    small = lab.moved(small, port=lab.free_port(), net=44 + 16 * (os.getpid() % 12))
    with lab.start(small, COMMUNITY.decode(), tmp_path_factory.mktemp("beside")):
        yield small


def at(inventory: Inventory, name: str) -> tuple[str, int]:
    device = next(device for device in inventory.devices if device.id == name)
    return str(device.address), device.port


def ping(address: str, count: int = 5) -> tuple[int, float, float]:
    """How many came back; the shortest and the mean round trip in milliseconds."""
    words = ["ping", "-q", "-n", "-i", "0.002", "-W", "1", "-c", str(count), address]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    came = re.search(r"(\d+) received", said)
    times = re.search(r"= ([\d.]+)/([\d.]+)/", said)
    assert came
    shortest, mean = (float(times[1]), float(times[2])) if times else (0.0, 0.0)
    return int(came[1]), shortest, mean


def poll(address: tuple[str, int], count: int) -> tuple[int, float]:
    """How many questions of so many were answered, and after how many milliseconds the first."""
    question = ask(ber.GET, [SYS_NAME], community=COMMUNITY)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        udp.connect(address)
        udp.settimeout(0.5)
        began = time.monotonic()
        for _ in range(count):
            udp.send(question)
        came, first = 0, 0.0
        try:
            while came < count:
                udp.recv(2000)
                first = first or time.monotonic() - began
                came += 1
        except TimeoutError:
            pass
        return came, first * 1000


def within(lost: int, share: float) -> bool:
    """4.5 standard deviations: one run in 150,000 fails by chance."""
    return abs(lost - N * share) < 4.5 * math.sqrt(N * share * (1 - share))


def test_snmp_is_lost_and_late_behind_the_link(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    told = played.ask("degrade", "core-c3", loss=0.3, delay_s=0.04)
    assert told["degraded"] == {"core-c3": {"loss": 0.3, "delay_s": 0.04, "jitter_s": 0.0}}
    assert told["silent"] == []

    came, first = poll(at(elsewhere, "c3-agg"), N)
    assert within(N - came, 0.3)
    assert first >= 39

    assert poll(at(elsewhere, "c1-agg"), 50)[0] == 50
    played.ask("heal", "core-c3")
    assert poll(at(elsewhere, "c3-agg"), 50)[0] == 50


@pings
def test_pings_are_lost_and_late_behind_the_link(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    hub, near = at(elsewhere, "c3-t1-hub")[0], at(elsewhere, "c1-agg")[0]
    told = played.ask("degrade", "core-c3", loss=0.2, delay_s=0.02)
    assert told["degrades_ping"] is True
    played.ask("degrade", "c3-t1-up", loss=0.125, delay_s=0.01)

    came, shortest, mean = ping(hub, N)
    assert within(N - came, 0.3)  # 1 - 0.8 * 0.875
    assert shortest >= 29.5
    assert mean < 300  # a busy machine adds its own

    assert ping(near)[0] == 5
    assert ping(near)[1] < 20
    played.ask("heal")
    assert ping(hub)[0] == 5
    assert ping(hub)[1] < 20


@pings
def test_the_dead_stay_silent_and_a_whole_loss_is_no_cut(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    agg = at(elsewhere, "c3-agg")
    played.ask("degrade", "core-c3", loss=1)
    assert ping(agg[0])[0] == 0
    assert poll(agg, 5)[0] == 0

    played.ask("degrade", "core-c3", delay_s=0.01)
    assert ping(agg[0])[0] == 5
    played.ask("cut", "core-c3")
    assert ping(agg[0])[0] == 0
    played.ask("heal", "core-c3")
    assert ping(agg[0], 20)[0] == 20


@pings
def test_two_cities_side_by_side_do_not_disturb_each_other(
    played: lab.VirtualCity, elsewhere: Inventory, beside: Inventory
) -> None:
    mine, other = at(elsewhere, "c3-agg"), at(beside, "c3-agg")
    assert mine[0] != other[0]

    played.ask("degrade", "core-c3", delay_s=0.03)

    assert ping(other[0], 20)[0] == 20
    assert ping(other[0])[1] < 20
    assert poll(other, 20)[0] == 20
    assert ping(mine[0], 20)[0] == 20
    assert ping(mine[0])[1] >= 29.5


@pings
def test_a_rule_of_another_city_lets_our_own_replies_pass(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    """Even one that holds the very same address."""
    agg = at(elsewhere, "c3-agg")[0]
    played.ask("degrade", "core-c3", delay_s=0.01)
    another = Silence(f"edunet_lab_test{os.getpid()}")
    another.open()
    try:
        another.take_over({IPv4Address(agg)})
        assert ping(agg)[0] == 5
    finally:
        another.close()


@pytest.mark.skipif(not lab.able() or not shutil.which("setpriv"), reason="needs rights to give up")
def test_without_raw_sockets_only_snmp_suffers_and_it_is_said(tmp_path: Path) -> None:
    port, net = lab.free_port(), 16 * (os.getpid() % 12) + 15
    city = tmp_path / "inventory.yaml"
    city.write_text(
        f"""
network: {{name: x}}
credentials: {{snmp: {{ro: {{version: 2c, community: sesame}}}}}}
sites: [{{id: city, kind: city, name: x}}]
devices:
  - {{id: a, site: city, address: 127.{net}.0.1, port: {port}, snmp: ro}}
  - {{id: b, site: city, address: 127.{net}.0.2, port: {port}, snmp: ro, labels: {{lab: v1}}}}
links:
  - id: ab
    role: backbone
    a: {{device: a, interface: GE0/0/1}}
    b: {{device: b, interface: GE0/0/1}}
""",
        "utf-8",
    )
    rights = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    edunet = [sys.executable, "-c", "from edunet.cli import main; main()"]
    words = ["lab", "up", "--inventory", str(city), "--data", str(tmp_path)]
    with subprocess.Popen([*rights, *edunet, *words], stdout=subprocess.PIPE, text=True) as playing:
        assert playing.stdout
        playing.stdout.readline()
        try:
            told = control.ask(tmp_path, "degrade", "ab", loss=1.0)
            assert told["degrades_ping"] is False
            assert told["kinds"] == {"b": "v1"}
            assert poll((f"127.{net}.0.2", port), 3)[0] == 0
            assert ping(f"127.{net}.0.2")[0] == 5
            shown = subprocess.run(
                [*edunet, "lab", "status", "--data", str(tmp_path)],
                capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "120"},
            ).stdout  # fmt: skip
            assert "pass unharmed: that needs nft, CAP_NET_ADMIN and CAP_NET_RAW" in shown
        finally:
            playing.terminate()


def packet(icmp: bytes) -> bytes:
    """An IPv4 packet that holds it, as a raw socket gives it."""
    return bytes.fromhex("450000000000000040010000") + b"\x7f\0\0\1\x7f\x09\0\1" + icmp


def test_a_reply_is_the_request_with_another_type_and_a_right_checksum() -> None:
    asked = bytes.fromhex("0800e5c912340001") + b"\0\1"  # 0800 + 1234 + 0001 + 0001 = 1a36

    replied = echo.answer(packet(asked))

    assert replied == bytes.fromhex("0000edc912340001") + b"\0\1"


@pytest.mark.parametrize(
    "icmp",
    [
        b"",
        b"\x08\0\0\0",
        bytes.fromhex("0000edc9123400010001"),
        bytes.fromhex("0800e5ca123400010001"),
    ],
    ids=["nothing", "too short", "a reply", "a wrong checksum"],
)
def test_what_is_no_request_gets_no_reply(icmp: bytes) -> None:
    assert echo.answer(packet(icmp)) is None


@given(st.binary(max_size=100))
def test_random_packets_are_answered_or_not_but_never_crash(data: bytes) -> None:
    echo.answer(data)
