"""Where we may not ping: who is judged by what, and how often is that said?"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from edunet.cli._rights import Rights, judged_by, substitute
from edunet.inventory import Inventory
from edunet.inventory.model import Device

DEVICES: list[dict[str, Any]] = [
    {"id": "both", "snmp": "ro", "ssh": "ops"},
    {"id": "login", "ssh": "ops", "ssh_port": 2222},
    {"id": "bare"},
    {"id": "snmp", "snmp": "ro", "reach": "snmp"},
    {"id": "tcp", "snmp": "ro", "reach": "tcp/443"},
    {"id": "told", "site": "told", "snmp": "ro"},
]
EXPECTED = {"both": "snmp", "login": "tcp/2222", "bare": "icmp", "snmp": "snmp", "tcp": "tcp/443",
            "told": "icmp"}  # fmt: skip


def inventory(*devices: dict[str, Any]) -> Inventory:
    return Inventory.model_validate(
        {
            "network": {"name": "x"},
            "sites": [
                {"id": "city", "kind": "city", "name": "x"},
                {"id": "told", "kind": "school", "name": "x", "parent": "city",
                 "watch": "reported"},
            ],
            "devices": [{"site": "city", **device} for device in devices],
        }
    )  # fmt: skip


def test_with_the_right_nothing_is_changed(caplog: pytest.LogCaptureFixture) -> None:
    what = inventory(*DEVICES)

    assert what is Rights(lambda: True).adapted(what)
    assert [] == caplog.records


def test_without_it_each_is_asked_what_else_it_answers_to() -> None:
    adapted = Rights(lambda: False).adapted(inventory(*DEVICES))

    assert EXPECTED == {device.id: device.reach for device in adapted.devices}


def test_it_is_said_once_and_again_when_it_is_another(caplog: pytest.LogCaptureFixture) -> None:
    rights = Rights(lambda: False)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            rights.adapted(inventory(*DEVICES))
        rights.adapted(inventory(*DEVICES[:1]))

    first, then = (record.getMessage() for record in caplog.records)
    for word in ("CAP_NET_RAW", "net.ipv4.ping_group_range", "reach: snmp", "run as root"):
        assert word in first
    assert first.endswith(
        "those to be pinged are judged 1 by SNMP, 1 by TCP port 2222, "
        "1 by nothing, which stay unknown"
    )
    assert then.endswith("those to be pinged are judged 1 by SNMP")


def test_nobody_to_be_pinged_needs_no_right(caplog: pytest.LogCaptureFixture) -> None:
    what = inventory(*DEVICES[3:])

    assert what is Rights(lambda: pytest.fail("nobody had to ask")).adapted(what)
    assert [] == caplog.records


@pytest.mark.parametrize(
    ("device", "able", "judge"),
    [
        ("both", True, "ICMP"),
        ("both", False, "SNMP"),
        ("login", False, "TCP port 2222"),
        ("bare", False, "nobody"),
        ("tcp", True, "TCP port 443"),
        ("tcp", False, "TCP port 443"),
    ],
)
def test_the_probe_s_word_for_it(device: str, able: bool, judge: str) -> None:
    (found,) = (d for d in inventory(*DEVICES).devices if d.id == device)

    assert judge == judged_by(found, able=able)


def test_a_substitute_is_itself_left_alone() -> None:
    once = substitute(Device.model_validate({"site": "city", **DEVICES[0]}))

    assert once is substitute(once)
