"""What cannot be run is refused before anything starts: exit code 2, one exact sentence."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from daemons import free_port
from house import COMMUNITY, EDUNET, House

INVENTORY = """
network: {name: x}
credentials: {snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}}
sites: [{id: city, kind: city, name: x}]
devices: [{id: core, site: city, address: 127.9.0.1, port: 16199, snmp: ro}]
"""
HOOK = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
INFLUX = {"kind": "influx", "url": "http://127.0.0.1:9"}


def run(folder: Path, *, secrets: Mapping[str, str], text: str) -> tuple[int, str]:
    """Exit code and what was said of `edunet run` over a one-device inventory."""
    (folder / "inventory.yaml").write_text(INVENTORY, "utf-8")
    (folder / "edunet.yaml").write_text(text, "utf-8")
    env = {k: v for k, v in os.environ.items() if k != "SNMP_COMMUNITY"} | dict(secrets)
    done = subprocess.run(
        [*EDUNET, "run"], cwd=folder, env=env, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def refused(folder: Path, settings: Mapping[str, Any], **secrets: str) -> str:
    """The sentence `edunet run` ends with, which must be its only one."""
    known = {"SNMP_COMMUNITY": COMMUNITY, **secrets}
    told = {"listen": f"127.0.0.1:{free_port()}", **settings}
    code, said = run(folder, secrets=known, text=json.dumps(told))
    assert 2 == code, said
    for secret in known.values():
        assert secret not in said
    return said.removesuffix("\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            {"listen": "0.0.0.0:8080"},
            "listen: 0.0.0.0:8080 is open to others, and tokens do not exist yet; write"
            " 127.0.0.1:8080 and put a proxy that asks for a password in front",
            id="open to everybody",
        ),
        pytest.param(
            {"listen": "127.0.0.1.example.com:8080"},
            "listen: 127.0.0.1.example.com:8080 is open to others, and tokens do not exist yet;"
            " write 127.0.0.1:8080 and put a proxy that asks for a password in front",
            id="a name that only looks like loopback",
        ),
        pytest.param(
            {"listen": "127.0.0.1:99999"},
            "listen: 127.0.0.1:99999: no such port; stop who uses it or write another",
            id="no such port",
        ),
        pytest.param(
            {"sinks": {"tsdb": {"kind": "influxx"}}},
            "sinks.tsdb: no kind 'influxx'; choose one of file, influx, influx1, remote_write",
            id="unknown sink",
        ),
        pytest.param(
            {"channels": {"duty": {"kind": "pigeon"}}},
            "channels.duty: no kind 'pigeon'; choose one of webhook",
            id="unknown channel",
        ),
        pytest.param(
            {"channels": {"duty": {}}},
            "channels.duty: no kind ''; choose one of webhook",
            id="a channel of no kind",
        ),
        pytest.param(
            {"channels": {"duty": {"kind": "webhook"}}},
            "channels.duty.url: is missing",
            id="a webhook without an address",
        ),
        pytest.param(
            {"channels": {"duty": {**HOOK, "token": "x"}}},
            "channels.duty.token: is no key; webhook takes url, headers",
            id="a key the webhook does not have",
        ),
        pytest.param(
            {"channels": {"duty": {"kind": "webhook", "url": "h:9000"}}},
            "channels.duty.url: not an http(s) address; write http://host:port/path",
            id="an address that is none",
        ),
        pytest.param(
            {"channels": {"duty": {**HOOK, "headers": {"X-Key": "${HOOK_KEY_UNSET}"}}}},
            "channels.duty: ${HOOK_KEY_UNSET} is not set; export HOOK_KEY_UNSET=...",
            id="a channel's secret is not set",
        ),
        pytest.param(
            {"channels": {"duty": {**HOOK, "headers": {"X-Key": "${HOOK_KEY}"}}}},
            "channels.duty: headers: 'X-Key' or its value cannot be sent; write printable ASCII",
            id="a channel's secret cannot be sent",
        ),
        pytest.param(
            {"sinks": {"tsdb": {**INFLUX, "token": "${INFLUX_UNSET}"}}},
            "sinks.tsdb: ${INFLUX_UNSET} is not set; export INFLUX_UNSET=...",
            id="a sink's secret is not set",
        ),
        pytest.param(
            {"channels": {"duty": HOOK}, "oncall": {"routes": [{"channels": ["night"]}]}},
            "oncall: no channel 'night'; write it under channels:",
            id="a route to nowhere",
        ),
        pytest.param(
            {"data": "inventory.yaml"},
            "data folder inventory.yaml: file exists; write another data:",
            id="the data folder is a file",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    assert said == refused(tmp_path, settings, HOOK_KEY="schlüssel\n9")


def test_a_secret_that_is_not_set_is_named(tmp_path: Path) -> None:
    text = json.dumps({"listen": f"127.0.0.1:{free_port()}"})
    code, said = run(tmp_path, secrets={}, text=text)

    assert (2, "${SNMP_COMMUNITY} is not set; export SNMP_COMMUNITY=...\n") == (code, said)


def test_a_port_in_use_is_named(tmp_path: Path, shared: House) -> None:
    taken = f"127.0.0.1:{shared.port}"
    said = f"listen: {taken}: address already in use; stop who uses it or write another"

    assert said == refused(tmp_path, {"listen": taken})


def test_a_second_collector_on_the_same_folder_is_refused(tmp_path: Path, shared: House) -> None:
    told = {"listen": f"127.0.0.1:{free_port()}", "data": str(shared.data)}
    code, said = run(tmp_path, secrets={"SNMP_COMMUNITY": COMMUNITY}, text=json.dumps(told))

    expected = f"another edunet collects into {shared.data}; stop it, or write another data:\n"
    assert (2, expected) == (code, said)
    assert 200 == shared.ready()


def test_every_mistake_of_the_settings_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = "listen: 8080\nintervalls: {links: 1s}\nintervals:\n  links: soon\n"
    code, said = run(tmp_path, secrets={"SNMP_COMMUNITY": COMMUNITY}, text=text)

    assert 2 == code
    lines = said.splitlines()
    assert ["edunet.yaml:1", "edunet.yaml:2", "edunet.yaml:4"] == sorted(
        line.partition(": ")[0] for line in lines
    )
