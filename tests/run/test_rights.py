"""What becomes of the watch where this process may not ping? Rights really taken away."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from daemons import binary
from house import EDUNET, eventually
from snmpd import COMMUNITY, snmpd
from wired import DEVICES, Wired, inventory, wired

POWERLESS: Final = ("--bounding-set=-net_raw", "--inh-caps=-net_raw")


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Wired]:
    with wired(tmp_path / "noc") as city:
        yield city


def told() -> dict[str, Any]:
    """c1 speaks SNMP, s3 has a login, c2 both; the others answer to ping alone."""
    what = inventory(c1={"snmp": "ro"}, c2={"snmp": "ro", "ssh": "ops"}, s3={"ssh": "ops"})
    login = {"username": "nobody", "password": "no-such-password"}
    snmp = {"version": "2c", "community": COMMUNITY}
    return {**what, "credentials": {"snmp": {"ro": snmp}, "ssh": {"ops": login}}}


def powerless(city: Wired, **settings: object) -> None:
    city.run(told(), under=(binary("setpriv"), *POWERLESS), **settings)


def test_without_it_each_is_judged_by_what_else_it_answers_to(city: Wired, tmp_path: Path) -> None:
    with snmpd(city.spaces["c1"], "10.7.1.2", tmp_path):
        powerless(city)
        # Nobody listens at port 22 of s3: that is said by s3 itself, which therefore lives.
        expected = {"c1": "up", "s3": "up", "core": "unknown", "s1": "unknown", "s2": "unknown"}
        city.until(expected)
        assert 200 == city.http.post("/reload").status_code
        city.until(expected)
        reach = {d: city.get(f"devices/{d}")["reach"] for d in DEVICES}
        said = [line for line in city.words.splitlines() if "WARNING no right" in line]

        city.pull("c2", "to-s3")
        eventually(lambda: city.states()["s3"], lambda seen: seen in ("down", "unreachable"), "s3")

    assert {"c1": "snmp", "c2": "snmp", "s3": "tcp/22", "core": "icmp"}.items() <= reach.items()
    assert 1 == len(said), city.words
    assert said[0].endswith(
        "WARNING no right to send ICMP echoes; run as root, grant CAP_NET_RAW, widen "
        "net.ipv4.ping_group_range, or write reach: snmp; until then those to be pinged are "
        "judged 2 by SNMP, 1 by TCP port 22, 3 by nothing, which stay unknown"
    )


def test_a_group_that_may_ping_needs_no_capability(city: Wired) -> None:
    city.noc.run("sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
    powerless(city)

    city.until(dict.fromkeys(("core", "s3"), "up"))  # no agent runs on c1: it may be degraded
    assert "no right" not in city.words
    assert "icmp" == city.get("devices/c1")["reach"]
    city.pull("core", "to-c1")
    city.until({"core": "up", "c1": "down", "s1": "unreachable", "s3": "up"})
    assert 0 == city.get("devices/core")["loss"]


@pytest.mark.parametrize(("device", "judge"), [("s1", "nobody"), ("s3", "TCP port 22")])
def test_the_probe_says_by_what_a_device_is_judged(city: Wired, device: str, judge: str) -> None:
    city.folder.mkdir()
    (city.folder / "inventory.yaml").write_text(json.dumps(told()), "utf-8")
    ran = subprocess.run(
        city.noc.argv(binary("setpriv"), *POWERLESS, *EDUNET, "probe", device),
        cwd=city.folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert 1 == ran.returncode
    assert f"judged by {judge}\nicmp   not asked: no right to send" in ran.stdout, ran.stdout
