"""Does the city come up, keep its secret, and end when it should?"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import lab
from edunet.errors import ConfigError, LabError
from edunet.inventory.model import Inventory
from lab import control
from lab.elsewhere import free_port
from lab.play import communities


@pytest.fixture
def spare(sample: Inventory) -> Inventory:
    """A second copy, apart from the one the other tests play."""
    return lab.moved(sample, port=free_port(), net=24 + 16 * (os.getpid() % 12))


def until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def tables() -> str:
    if not lab.able():
        return ""
    return subprocess.run(
        ["nft", "list", "tables"], capture_output=True, check=True
    ).stdout.decode()


def test_it_ends_within_two_seconds_and_leaves_nothing(spare: Inventory, tmp_path: Path) -> None:
    city = lab.start(spare, "sesame", tmp_path)
    city.ask("cut", "core-c3")
    assert city.alive

    began = time.monotonic()
    city.stop()
    city.stop()

    assert time.monotonic() - began < 2
    assert not city.alive
    assert f"edunet_lab_{city.pid}" not in tables()
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_it_cleanly(spare: Inventory, tmp_path: Path) -> None:
    with lab.start(spare, "sesame", tmp_path) as city:
        os.kill(city.pid, signal.SIGTERM)

        assert until(lambda: not city.alive)
        assert f"edunet_lab_{city.pid}" not in tables()
        with pytest.raises(LabError, match="no city is running"):
            city.ask("status")


def test_a_murdered_city_leaves_no_silence_behind_once_stopped(
    spare: Inventory, tmp_path: Path
) -> None:
    city = lab.start(spare, "sesame", tmp_path)
    os.kill(city.pid, signal.SIGKILL)

    city.stop()

    assert f"edunet_lab_{city.pid}" not in tables()
    with lab.start(spare, "sesame", tmp_path) as again:
        assert again.alive


def test_it_dies_with_its_parent_even_a_murdered_one(spare: Inventory, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(spare.model_dump_json(include={"network", "sites", "devices"}), "utf-8")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import lab, pathlib, sys, time\n"
            "from edunet.inventory.model import Inventory\n"
            "here = pathlib.Path(sys.argv[1])\n"
            "text = (here / 'plan.json').read_text('utf-8')\n"
            "plan = Inventory.model_validate_json(text).model_copy(update={'credentials':\n"
            "    Inventory.model_validate({'network': {'name': 'x'}, 'sites': [{'id': 'x',\n"
            "    'kind': 'city', 'name': 'x'}], 'credentials': {'snmp': {'ro': {'version': '2c',\n"
            "    'community': 'x'}}}}).credentials})\n"
            "print(lab.start(plan, 'sesame', here).pid, flush=True)\n"
            "time.sleep(60)\n",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert until(lambda: gone(child))
    assert f"edunet_lab_{child}" not in tables()


def test_the_community_shows_neither_in_arguments_nor_in_the_environment(
    spare: Inventory, tmp_path: Path
) -> None:
    with lab.start(spare, "open-sesame", tmp_path) as city:
        for shown in ("cmdline", "environ"):
            assert b"open-sesame" not in Path(f"/proc/{city.pid}/{shown}").read_bytes()


def test_a_taken_port_is_named(spare: Inventory, tmp_path: Path) -> None:
    port = spare.devices[0].port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", port))

        with pytest.raises(LabError, match=f"udp port {port} on lo: .*; end what uses it"):
            lab.start(spare, "sesame", tmp_path)


def test_a_device_outside_loopback_is_refused(sample: Inventory, tmp_path: Path) -> None:
    real = sample.devices[3].model_copy(update={"address": "192.0.2.1"})
    inventory = sample.model_copy(update={"devices": (*sample.devices[:3], real)})

    with pytest.raises(LabError, match=r"has address 192\.0\.2\.1; the virtual city lives in"):
        lab.start(inventory, "sesame", tmp_path)


def test_labels_say_what_an_agent_is_from_the_start(
    spare: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "walk.snmprec").write_text("1.3.6.1.2.1.1.1.0|4|x\n")
    monkeypatch.chdir(tmp_path)  # the child works elsewhere: a relative path is ours
    labels = {"core": {"lab": "slow", "room": "3"}, "c1-agg": {"lab-recording": "walk.snmprec"}}
    devices = tuple(d.model_copy(update={"labels": labels.get(d.id, {})}) for d in spare.devices)

    with lab.start(spare.model_copy(update={"devices": devices}), "x", tmp_path / "data") as city:
        told = city.ask("heal")

    assert told["kinds"] == {"core": "slow"}
    assert told["playing"]["c1-agg"]["file"] == str(tmp_path / "walk.snmprec")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"lab": "64bit"}, "core: no agent '64bit'; choose one of honest, 32bit, v1"),
        ({"lab-recording": "/nowhere.snmprec"}, "^/nowhere.snmprec: No such file or directory"),
    ],
)
def test_a_label_that_says_nothing_is_refused_at_the_start(
    spare: Inventory, tmp_path: Path, labels: dict[str, str], said: str
) -> None:
    core = spare.devices[0].model_copy(update={"labels": labels})

    with pytest.raises(LabError, match=said):
        lab.start(spare.model_copy(update={"devices": (core, *spare.devices[1:])}), "x", tmp_path)


def test_without_a_community_the_inventory_says_where_it_lies(
    sample: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNMP_COMMUNITY", "from the environment")
    assert communities(sample) == {"ro": "from the environment"}

    monkeypatch.delenv("SNMP_COMMUNITY")
    with pytest.raises(ConfigError, match="SNMP_COMMUNITY"):
        communities(sample)


def test_a_city_nobody_may_ask_is_refused(sample: Inventory) -> None:
    mute = sample.model_copy(
        update={"devices": tuple(d.model_copy(update={"snmp": None}) for d in sample.devices)}
    )

    with pytest.raises(LabError, match="no device names an SNMP 2c credential"):
        communities(mute, "sesame")


@pytest.mark.skipif(not lab.able() or not shutil.which("setpriv"), reason="needs rights to give up")
def test_without_the_right_to_silence_it_plays_on_and_says_so(tmp_path: Path) -> None:
    city = tmp_path / "inventory.yaml"
    city.write_text(
        f"""
network: {{name: x}}
credentials: {{snmp: {{ro: {{version: 2c, community: sesame}}}}}}
sites: [{{id: city, kind: city, name: x}}]
devices: [{{id: core, site: city, address: 127.8.0.2, port: {free_port()}, snmp: ro}}]
""",
        "utf-8",
    )
    rights = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    edunet = [sys.executable, "-c", "from edunet.cli import main; main()"]
    words = ["lab", "up", "--inventory", str(city), "--data", str(tmp_path)]
    playing = subprocess.Popen(
        [*rights, *edunet, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert playing.stdout
    assert "1 agents answer" in playing.stdout.readline()
    told = control.ask(tmp_path, "status")
    playing.terminate()
    _, remarks = playing.communicate(timeout=5)

    assert told["silences_ping"] is False
    assert remarks == "without nft and CAP_NET_ADMIN dead devices still answer ping\n"
    assert playing.returncode == 0
