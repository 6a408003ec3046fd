"""`edunet poll` and `edunet probe`: who answers, what they say, and no secret on any stream."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from house import COMMUNITY, EDUNET, House

WRONG = "open-sesame-not-the-community"


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def folder(shared: House) -> Path:
    """Where the inventory of a running city lies."""
    return shared.folder


def edunet(folder: Path, *words: str, community: str = COMMUNITY) -> Said:
    env = {**os.environ, "SNMP_COMMUNITY": community}
    done = subprocess.run(
        [*EDUNET, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert community not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def alone(folder: Path, tmp_path: Path, port: int) -> Path:
    """The same inventory, asked at a port nobody listens on."""
    text = (folder / "inventory.yaml").read_text("utf-8")
    path = tmp_path / "inventory.yaml"
    path.write_text(re.sub(r"port: \d+", f"port: {port}", text), "utf-8")
    return path


@pytest.fixture
def hung(shared: House) -> Iterator[str]:
    shared.order("hang", "c1-s02-sw")
    yield "c1-s02-sw"
    shared.order("heal")


def test_one_round_asks_everybody_and_says_so_in_the_contract_s_words(
    folder: Path, shared: House
) -> None:
    said = edunet(folder, "poll", "--once", "--json")
    told = json.loads(said.out)
    total = len(shared.inventory.devices)

    assert 0 == said.code
    assert {"devices", "answered", "varbinds", "wall_s", "cpu_s", "failed"} == told.keys()
    assert (total, total, []) == (told["devices"], told["answered"], told["failed"])
    ports = 2 * sum(bool(link.a.device and link.b.device) for link in shared.inventory.links)
    assert told["varbinds"] > 10 * ports
    assert 0 < told["cpu_s"]
    assert 0 < told["wall_s"] < 30


def test_who_does_not_answer_is_named_with_the_reason(folder: Path, hung: str) -> None:
    said = edunet(folder, "poll", "--once", "--json")
    told = json.loads(said.out)
    plain = edunet(folder, "poll")

    assert 0 == said.code
    assert told["answered"] == told["devices"] - 1
    ((device, reason),) = [(row["device"], row["reason"]) for row in told["failed"]]
    assert hung == device
    assert "no answer" in reason
    assert f"{told['answered']} of {told['devices']} devices answered" in plain.out
    assert hung in plain.out


def test_when_nobody_answers_it_has_failed(folder: Path, tmp_path: Path) -> None:
    inventory = alone(folder, tmp_path, 9)
    said = edunet(tmp_path, "poll", "--once", "--json", "--inventory", str(inventory))
    told = json.loads(said.out)

    assert 1 == said.code
    assert (0, 0) == (told["answered"], told["varbinds"])
    assert told["devices"] == len(told["failed"])


def test_a_wrong_community_is_silence_and_is_not_repeated(folder: Path) -> None:
    said = edunet(folder, "poll", "--json", community=WRONG)

    assert 1 == said.code
    assert 0 == json.loads(said.out)["answered"]


def test_without_its_secret_nothing_is_asked(folder: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "SNMP_COMMUNITY"}
    for words in (["poll"], ["probe", "core"]):
        done = subprocess.run(
            [*EDUNET, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert 2 == done.returncode
        assert "${SNMP_COMMUNITY} is not set; export SNMP_COMMUNITY=...\n" == done.stderr


def test_a_probe_shows_echoes_system_and_every_port_with_its_rates(folder: Path) -> None:
    said = edunet(folder, "probe", "c1-agg", "--wait", "1500ms")
    lines = {line.split()[0]: line.split() for line in said.out.splitlines() if line.split()}

    assert 0 == said.code
    assert "icmp" in lines
    assert "c1-agg:" == lines["snmp"][1]
    for name in ("XGE0/0/1", "GE0/0/1"):
        assert "up" == lines[name][1]
        assert re.fullmatch(r"[\d.]+[KMG]?", lines[name][2]), lines[name]
        assert all(re.fullmatch(r"[\d.]+[KMG]?", rate) for rate in lines[name][3:5]), lines[name]
        assert float(lines[name][3].rstrip("KMG")) > 0


def test_debug_shows_the_conversation_without_the_secret(folder: Path) -> None:
    said = edunet(folder, "probe", "core", "--debug", "--wait", "100ms")

    assert 0 == said.code
    assert re.search(r"getbulk \d+ objects from 127\.[\d.]+:\d+, id \d+", said.out)
    assert re.search(r"answered after [\d.]+ ms, \d+ values", said.out)
    assert re.search(r"sysUpTime\.0 = TimeTicks \d+", said.out)
    assert re.search(r"ifHCInOctets\.1 = Counter64 \d+", said.out)
    assert re.search(r"ifName\.1 = OctetString b'", said.out)


def test_a_device_there_is_not_is_named(folder: Path) -> None:
    said = edunet(folder, "probe", "nobody")

    expected = "no device 'nobody' in inventory.yaml; write an id of devices:\n"
    assert Said(2, "", expected) == said


def test_a_wait_that_is_none_is_refused(folder: Path) -> None:
    said = edunet(folder, "probe", "core", "--wait", "soon")

    assert 2 == said.code
    assert said.err.startswith("--wait: ")


def test_a_probe_that_nobody_answers_has_failed_whatever_the_kernel_echoes(
    folder: Path, shared: House, hung: str
) -> None:
    shared.order("cut", "c2-t1-up")
    try:
        dead = edunet(folder, "probe", "c2-s07-sw")
    finally:
        shared.order("heal", "c2-t1-up")
    half = edunet(folder, "probe", hung)

    if shared.get("devices/core")["rtt_ms"] is None:
        pytest.skip("ping cannot be silenced here")
    assert 1 == dead.code
    assert "icmp   0 of 5 echoes came back" in dead.out
    assert "no answer" in dead.out
    assert 0 == half.code
    assert "icmp   5 of 5 echoes came back" in half.out


def test_wrong_files_end_it_with_two(folder: Path, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none.yaml")
    for words in (["poll"], ["probe", "core"]):
        assert 2 == edunet(folder, *words, "--inventory", nowhere).code
        assert 2 == edunet(folder, *words, "--settings", nowhere).code
