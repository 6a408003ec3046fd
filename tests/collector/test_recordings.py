"""Recorded devices of many makers: every interface's name, alias, speed, state and counters."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import recorded
import snmpsim_data  # type: ignore[import-untyped]  # it is data
from liar import COMMUNITY
from polled import Line, answered, spoken, table
from recorded import Recorded

from edunet.frame import Reason
from edunet.secrets import Access

NETWORK = Path(snmpsim_data.__file__).parent / "data/network"
PACKAGED = [
    NETWORK / f"{name}.snmprec.bz2"
    for name in (
        "switch/huawei-s12704", "switch/h3c-e528-1", "switch/ruijie-s5750-24gt12sfp",
        "switch/zte-zxr10-5250", "switch/maipu-sm4200-16gef8ge-ac", "router/huawei-s5720",
        "switch/h3c-comware-7-1-075", "switch/zte-zrx10", "switch/dcrs-5980-28t-dc",
        "switch/dlink-des3038", "switch/cisco-c3750", "router/cisco-unmarked-0",
        "switch/hpe-procurve-516733-b21", "router/juniper-mx960-13-3r9-13",
        "firewall/legend-holdings-firewall",
    )
]  # fmt: skip
FOLDER = Path(os.environ.get("EDUNET_RECORDINGS", "/nowhere"))
OURS = sorted(FOLDER.glob("*.snmprec"))
ALL = [*PACKAGED, *OURS]


def named(path: Path) -> str:
    return path.name.partition(".snmprec")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@cache
def read(path: Path, folder: Path) -> Recorded:
    return Recorded(path, folder)


async def polled(
    recording: Recorded, kind: str = "honest", version: str = "2c"
) -> tuple[Line, dict[str, dict[str, Any]]]:
    """Discovered and polled once, as the collector does it: all of it came, and no row twice."""
    async with recorded.played(recording.path, kind) as device:
        line = Line(device, spoken(Access(version, COMMUNITY.encode())))
        facts = await line.discover()
        answer = await line.poll()
    assert 1 == answered(answer)
    assert answer.trouble is None
    assert not answer.stale
    assert facts.trouble is None
    return line, table(answer, line.catalog)


def spelt(value: Any) -> Any:
    """A column of which nothing is known at all is not in the frame."""
    return Reason.MISSING.name if value is None else getattr(value, "name", value)


def agree(recording: Recorded, line: Line, rows: dict[str, dict[str, Any]], wide: bool) -> None:
    """Every interface of the file was read, each as the file says, and no other."""
    expected = recorded.names(recording.rows(wide=wide))
    assert {name: row.number for name, row in expected.items()} == {
        port.name: port.ifindex for port in line.facts.ports
    }
    assert {name: row.alias for name, row in expected.items()} == {
        port.name: port.alias for port in line.facts.ports
    }
    said = {
        name: {column: spelt(values.get(column)) for column in expected[name].values}
        for name, values in rows.items()
    }
    assert {name: row.values for name, row in expected.items()} == said


@pytest.mark.parametrize("path", ALL, ids=named)
async def test_every_interface_is_read_as_it_was_recorded(path: Path, folder: Path) -> None:
    recording = read(path, folder)

    line, rows = await polled(recording)

    assert rows
    agree(recording, line, rows, wide=True)


@pytest.mark.parametrize("path", ALL, ids=named)
async def test_version_1_reads_the_same_with_counters_of_32_bits(path: Path, folder: Path) -> None:
    recording = read(path, folder)

    line, rows = await polled(recording, version="1")

    agree(recording, line, rows, wide=False)
    assert {32} >= {row["bits"] for row in rows.values() if row["in_octets"] is not Reason.MISSING}


@pytest.mark.parametrize("kind", ["no-bulk", "small"])
@pytest.mark.parametrize("path", [*PACKAGED[2:5], *OURS], ids=named)
async def test_a_poorer_agent_tells_the_same(path: Path, kind: str, folder: Path) -> None:
    recording = read(path, folder)

    line, rows = await polled(recording, kind)

    agree(recording, line, rows, wide=True)


@pytest.mark.parametrize(
    ("file", "name", "octets", "bits"),
    [
        ("huawei-s12704", "Eth-Trunk4", (76510794134432, 54968183378494), 64),
        ("ruijie-s5750-24gt12sfp", "Gi0/23", (23453811178355, 29075048600400), 64),
        ("zte-zxr10-5250", "2/1", (9951946115797, 1647890274405), 64),
        ("h3c-e528-1", "GigabitEthernet1/0/24", (989178, 483946), 64),
        ("maipu-sm4200-16gef8ge-ac", "Ethernet1/1", (87994350118, 1237843971), 64),
        # Its wide counters stand at 0 and were never wired up.
        ("maipu-sm4200-16gef8ge-ac", "Vlan1999", (2091305722, 1237359433), 32),
    ],
)
async def test_what_a_person_reads_in_the_file_is_read(
    file: str, name: str, octets: tuple[int, int], bits: int, folder: Path
) -> None:
    path = next(path for path in PACKAGED if named(path) == file)

    _, rows = await polled(read(path, folder))

    assert (*octets, bits) == tuple(
        rows[name][column] for column in ("in_octets", "out_octets", "bits")
    )


def test_there_are_fifteen_devices_of_other_makers() -> None:
    assert 15 == len({path.name for path in PACKAGED})
    assert [] == [path for path in PACKAGED if not path.is_file()]


@pytest.mark.skipif(not OURS, reason="EDUNET_RECORDINGS names no folder of recordings")
async def test_what_the_folder_says_to_expect_is_read(folder: Path) -> None:
    """A walk that broke off left rows without any name: those are nobody's."""
    for said in json.loads((FOLDER / "expected.json").read_text("utf-8")):
        recording = read(FOLDER / said["file"], folder)
        line, rows = await polled(recording)
        ports = {port.ifindex: port for port in line.facts.ports}
        nameless = recording.nameless()
        assert said["interfaces"] == len(ports) == len(rows)
        up = sum(row["oper"] == 1 for row in rows.values())
        assert said["oper_up"] == up + list(nameless.values()).count(1)
        assert said["alias"] == sum(bool(port.alias) for port in ports.values())
        for number, octets in said["octets"].items():
            if int(number) in nameless:
                continue
            port = ports[int(number)]
            row = rows[port.name]
            assert (octets["hc_in"], octets["hc_out"]) == (row["in_octets"], row["out_octets"])
            assert octets["name"] in {port.said, port.descr}
            assert octets["alias"] == port.alias
