"""Tables of Debian's snmpd, by batches and singly; the file is the one of the documentation."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from batched import ACCESS
from daemons import binary, until
from netns import Namespace, namespaces, plug
from polled import inventory
from snmpd import COMMUNITY, Snmpd, snmpd
from tables import Polls, Values, called, told

from collector.mibs import mib
from collector.transports import Ask, Row
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.frame import Reason
from edunet.inventory.model import Device

pytestmark = pytest.mark.daemon

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
LIGHT, NAME = "1.3.6.1.4.1.2011.5.25.31.1.1.3.1", "1.3.6.1.2.1.47.1.1.1.1.7"
LOAD = "1.3.6.1.2.1.25.3.3.1.2"
MODULES = {67_436_622: ("GigabitEthernet0/0/1", -534, -178), 67_436_686: ("XGE0/0/2", -1, -2050)}


def overrides() -> Iterator[str]:
    """Rows this machine has no hardware for, or no patience: a load is there after a minute."""
    for index, (name, received, sent) in MODULES.items():
        yield f'override {NAME}.{index} octet_str "{name}"'
        yield f"override {LIGHT}.8.{index} integer {received}"
        yield f"override {LIGHT}.9.{index} integer {sent}"
    for index, load in ((196_608, 42), (196_609, 0)):
        yield f"override {LOAD}.{index} integer {load}"


@pytest.fixture
def space() -> Iterator[Namespace]:
    with ExitStack() as stack:
        made, other = stack.enter_context(namespaces("own", "other"))
        plug((made, "up0", "198.18.0.1/30"), (other, "up0", "198.18.0.2/30"))
        made.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/lo/disable_ipv6")
        yield made


@pytest.fixture
def agent(space: Namespace, tmp_path: Path) -> Iterator[Snmpd]:
    with snmpd(space, "198.18.0.1", tmp_path, extra=list(overrides())) as running:
        yield running


@pytest.fixture
def device() -> Device:
    return Device.model_validate({"id": "a", "site": "city", "address": "198.18.0.1", "snmp": "ro"})


def example(language: str = "yaml") -> str:
    """The file the documentation shows, or its code."""
    (text,) = re.findall(rf"(?ms)^```{language}\n(.*?)^```", PAGE.read_text("utf-8"))
    return str(text)


async def both(
    polls: Polls, device: Device, table: str
) -> tuple[tuple[Row, ...], dict[str, Values]]:
    """The rows, and what is in each by its name."""
    rows = await polls.batches.rows_of(device, table, polls.slot(device, table))
    assert rows == await polls.single.rows_of(device, table, polls.slot(device, table))
    answers = await polls.both(Ask(device, 0, rows, table=table))
    assert [(None, False, 1)] == [(a.trouble, a.stale, a.answered) for a in answers]
    found = told(answers, polls.mib(table).kind)
    return rows, {row.name: found[row.slot] for row in rows}


async def test_loads_of_processors(
    space: Namespace, agent: Snmpd, device: Device, tmp_path: Path
) -> None:
    with space.entered():
        polls = Polls(tmp_path)
        _, rows = await both(polls, device, "hr_processor")
        await polls.close()

    assert {"196608": {"load_ratio": 0.42}, "196609": {"load_ratio": 0.0}} == rows


async def test_light_of_optical_modules(
    space: Namespace, agent: Snmpd, device: Device, tmp_path: Path
) -> None:
    with space.entered():
        polls = Polls(tmp_path)
        rows, found = await both(polls, device, "huawei_optics")
        await polls.close()

    assert [name for name, _, _ in MODULES.values()] == called(rows)
    assert [(-5.34, -1.78), (Reason.MISSING, -20.5)] == [
        (found[name]["rx_dbm"], found[name]["tx_dbm"]) for name in called(rows)
    ]
    assert {Reason.MISSING} == {found[name]["bias_a"] for name in called(rows)}


async def test_the_table_of_the_documentation_counts_as_the_kernel_does(
    space: Namespace, agent: Snmpd, device: Device, tmp_path: Path
) -> None:
    (tmp_path / "ip_if_stats.yaml").write_text(example(), "utf-8")
    index = int(space.run("cat", "/sys/class/net/lo/ifindex"))

    def counted() -> int:
        said = space.run("cat", "/proc/net/dev_snmp6/lo")
        return int(re.findall(r"^Ip6InOctets\s+(\d+)", said, re.MULTILINE)[0])

    space.run("ping", "-6", "-c3", "-i0.01", "::1")
    with space.entered():
        polls = Polls(tmp_path)
        before = counted()
        rows, found = await both(polls, device, "ip_if_stats")
        after = counted()
        await polls.close()

    assert (2, index) in {row.numbers for row in rows}
    row = found[f"2.{index}"]
    assert isinstance(row["in_octets"], int)
    assert 0 < before <= row["in_octets"] <= after
    assert (64, 0) == (row["bits"], row["no_routes"])


async def test_the_code_of_the_documentation_runs(
    space: Namespace,
    agent: Snmpd,
    device: Device,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mibs").mkdir()
    (tmp_path / "mibs" / "ip_if_stats.yaml").write_text(example(), "utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {
        "Vector": Vector, "Ask": Ask, "Path": Path, "mib": mib, "device": device,
        "access": lambda _: ACCESS, "clock": SystemClock(),
        "slot": partial(Catalog().slot, "ip_traffic", device.id),
    }  # fmt: skip

    exec(f"async def code():\n{indent(example('python'), '    ')}", names)  # noqa: S102 (ours)
    with space.entered():
        await names["code"]()

    assert re.search(r"(?m)^ip_traffic \[0", capsys.readouterr().out)


def test_a_probe_shows_a_table_of_the_site_s_own_folder(
    space: Namespace, agent: Snmpd, device: Device, tmp_path: Path
) -> None:
    town = json.loads(inventory([device]).model_dump_json())
    town["credentials"]["snmp"]["ro"]["community"] = "${SNMP_COMMUNITY}"
    (tmp_path / "inventory.yaml").write_text(json.dumps(town), "utf-8")
    (tmp_path / "mibs").mkdir()
    (tmp_path / "mibs" / "ip_if_stats.yaml").write_text(example(), "utf-8")

    def probe(*words: str) -> str:
        program = [sys.executable, "-c", "from edunet.cli import app; app()", "probe", "a"]
        there = f'cd {tmp_path} && SNMP_COMMUNITY={COMMUNITY} exec "$@"'
        return space.run("sh", "-c", there, "sh", *program, *words)

    light, traffic = probe("--table", "huawei_optics"), probe("--table", "ip_if_stats", "--debug")

    assert "snmp   huawei_optics: 2 rows" in light
    assert re.search(r"GigabitEthernet0/0/1 +-5\.34 +-1\.78 +missing", light)
    assert re.search(r"XGE0/0/2 +missing +-20\.5 ", light)
    assert re.search(r"ipIfStatsHCInOctets\.2\.\d+ = ", traffic)
    assert re.search(r"row +in_octets +out_octets +no_routes +bits", traffic)


@pytest.mark.soak
async def test_the_kernel_s_own_load_comes_after_a_minute(
    space: Namespace, device: Device, tmp_path: Path
) -> None:
    with snmpd(space, "198.18.0.1", tmp_path), space.entered():
        polls = Polls(tmp_path)
        slot = polls.slot(device, "hr_processor")
        assert () == await polls.batches.rows_of(device, "hr_processor", slot)
        until(lambda: f"{LOAD}." in next_one(space), "hrProcessorLoad", 90)
        rows, found = await both(polls, device, "hr_processor")
        await polls.close()

    assert len(rows) == len(found) > 0
    loads = [row["load_ratio"] for row in found.values()]
    assert all(isinstance(load, float) and 0 <= load <= 1 for load in loads)


def next_one(space: Namespace) -> str:
    """What net-snmp's own client finds behind the name of the column."""
    words = ("-v2c", "-c", COMMUNITY, "-On", "198.18.0.1", LOAD)
    return space.run("env", "MIBS=", binary("snmpgetnext"), *words)
