"""Does `edunet lab` say and do what an operator expects?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lab
from edunet.cli import app
from edunet.inventory import load
from edunet.inventory.model import Inventory
from lab.elsewhere import free_port

ROOT = Path(__file__).parents[2]


def edunet(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command."""
    told = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
    return told.exit_code, told.stdout, told.stderr


def test_the_sample_inventory_is_without_a_finding() -> None:
    assert load(ROOT / "inventory.yaml", strict=True).network.name == "示例市教育城域网"


def test_cut_shows_what_fell_silent_and_heal_mends_it(played: lab.VirtualCity) -> None:
    at = ("--data", str(played.data))

    code, cut, _ = edunet("lab", "cut", "core-c3", *at)
    assert code == 0
    assert "core-c3" in cut
    assert "c3-agg" in cut

    code, status, _ = edunet("lab", "status", "--json", *at)
    assert code == 0
    assert json.loads(status)["cut"] == ["core-c3"]

    assert edunet("lab", "heal", "core-c3", *at)[0] == 0
    assert json.loads(edunet("lab", "status", "--json", *at)[1])["silent"] == []


@pytest.mark.parametrize(
    ("words", "key", "found"),
    [
        (("hang", "c1-agg"), "hung", ["c1-agg"]),
        (("reboot", "c3-s14-sw"), "rebooting", ["c3-s14-sw"]),
        (("flap", "c3-t1-up"), "flapping", ["c3-t1-up"]),
        (("power", "c3-s05", "off"), "dark", ["c3-s05"]),
        (("agent", "c1-agg", "half"), "kinds", {"c1-agg": "half"}),
        (
            ("degrade", "core-c1", "--loss", "10%", "--delay", "50ms", "--jitter", "5ms"),
            "degraded",
            {"core-c1": {"loss": 0.1, "delay_s": 0.05, "jitter_s": 0.005}},
        ),
        (("degrade", "core-c1", "--loss", "0", "--delay", "0ms"), "degraded", {}),
    ],
    ids=["hang", "reboot", "flap", "power", "agent", "degrade", "degrade to whole"],
)
def test_each_order_shows_in_the_status(
    played: lab.VirtualCity, words: tuple[str, ...], key: str, found: object
) -> None:
    code, told, _ = edunet("lab", *words, "--json", "--data", str(played.data))

    assert code == 0
    assert json.loads(told)[key] == found


def test_an_unknown_link_exits_1_and_names_the_nearest(played: lab.VirtualCity) -> None:
    code, out, err = edunet("lab", "cut", "core-c33", "--data", str(played.data))

    assert (code, out) == (1, "")
    assert err == "no link 'core-c33' in the city; the nearest is core-c3\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "write --loss, --delay or both"),
        (["--loss", "10"], "'10' is no share; write 10% or 0.1"),
        (["--loss", "101%"], "'101%' is no share; write 10% or 0.1"),
        (["--loss", "-5%"], "'-5%' is no share; write 10% or 0.1"),
        (["--delay", "50"], "'50' is no time; write 50ms or 0.2s"),
        (["--loss", "1%", "--jitter", "x"], "'x' is no time; write 50ms or 0.2s"),
    ],
)
def test_a_quality_nobody_can_read_exits_2(
    played: lab.VirtualCity, options: list[str], said: str
) -> None:
    code, _, err = edunet("lab", "degrade", "core-c3", *options, "--data", str(played.data))

    assert code == 2
    assert said in err


def test_the_status_tells_what_is_bad_in_words(played: lab.VirtualCity, tmp_path: Path) -> None:
    at = ("--data", str(played.data))
    path = tmp_path / "s5720.snmprec"
    path.write_text("1.3.6.1.2.1.1.1.0|4|x\n")
    edunet("lab", "degrade", "core-c3", "--loss", "2.5%", "--delay", "0.2s", "--jitter", "5ms", *at)
    edunet("lab", "agent", "c1-agg", "gbk", *at)

    code, told, _ = edunet("lab", "play", "c2-agg", str(path), *at)

    assert code == 0
    assert "core-c3 (2.5 % lost, 200 ± 5 ms late)" in told
    assert "c1-agg (gbk)" in told
    assert "c2-agg (s5720.snmprec)" in told


def test_a_relative_recording_starts_from_where_the_command_is_given(
    played: lab.VirtualCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.snmprec").write_text("1.3.1|4|x\nbroken\n")
    monkeypatch.chdir(tmp_path)

    told = edunet("lab", "play", "core", "a.snmprec", "--data", str(played.data))

    assert told == (1, "", f"{tmp_path}/a.snmprec:2: no OID|TAG|VALUE\n")


def test_power_is_on_or_off(played: lab.VirtualCity) -> None:
    code, _, err = edunet("lab", "power", "c3-s05", "maybe", "--data", str(played.data))

    assert code == 2
    assert "write on or off" in err


@pytest.mark.parametrize("order", [["status"], ["cut", "core-c3"], ["heal"], ["hang", "core"]])
def test_without_a_city_it_exits_1_and_says_how_to_start_one(
    order: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    told = edunet("lab", *order)

    assert told == (1, "", "no city is running in ./data; start one by: edunet run --lab\n")


def test_up_plays_in_the_foreground_until_it_is_ended(tmp_path: Path) -> None:
    city = tmp_path / "inventory.yaml"
    city.write_text(
        f"""
network: {{name: 小城}}
credentials: {{snmp: {{ro: {{version: 2c, community: "${{LAB_TEST}}"}}}}}}
sites: [{{id: city, kind: city, name: 小城}}]
devices: [{{id: core, site: city, address: 127.8.0.1, port: {free_port()}, snmp: ro}}]
""",
        "utf-8",
    )
    words = ["lab", "up", "--inventory", str(city), "--data", str(tmp_path / "data")]
    playing = subprocess.Popen(
        [sys.executable, "-c", "from edunet.cli import main; main()", *words],
        env={**os.environ, "LAB_TEST": "sesame"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert playing.stdout
    assert playing.stdout.readline() == "小城: 1 agents answer; Ctrl-C ends the city\n"
    assert edunet("lab", "status", "--data", str(tmp_path / "data"))[0] == 0

    playing.send_signal(signal.SIGINT)

    assert playing.wait(5) == 0
    assert not (tmp_path / "data" / "lab.sock").exists()
    playing.stdout.close()


def test_a_second_port_is_played_beside_the_first(sample: Inventory, tmp_path: Path) -> None:
    core, agg, *_ = lab.moved(sample, port=free_port(), net=8 + 16 * (os.getpid() % 12)).devices
    agg = agg.model_copy(update={"port": free_port(), "address": core.address})
    two = sample.model_copy(update={"devices": (core, agg), "links": ()})

    with lab.start(two, "sesame", tmp_path) as city:
        assert city.ask("status")["agents"] == 2
