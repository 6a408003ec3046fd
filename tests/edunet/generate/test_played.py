"""The virtual city plays what the generator invents."""

from __future__ import annotations

import os
from pathlib import Path

import lab
from edunet.generator import generate, to_yaml, wish
from edunet.inventory import load


def test_the_lab_plays_a_generated_city(tmp_path: Path) -> None:
    """Every device comes up, and a township that is cut off falls silent with its schools."""
    path = tmp_path / "inventory.yaml"
    path.write_text(to_yaml(generate(wish(counties=2, schools=30, lab=True)).sections), "utf-8")
    inventory = load(path)
    assert {device.port for device in inventory.devices} == {16100}
    elsewhere = lab.moved(inventory, port=lab.free_port(), net=24 + 16 * (os.getpid() % 12))
    two_ways = {link.id.removesuffix("2") for link in inventory.links if link.id.endswith("-up2")}
    town = next(
        link.id.removesuffix("-up")
        for link in inventory.links
        if link.role == "township_uplink" and link.id not in two_ways
    )
    below = {device.id for device in inventory.devices if device.id.startswith(f"{town}-")}

    with lab.start(elsewhere, "sesame", tmp_path / "data") as city:
        before = city.ask("status")
        after = city.ask("cut", f"{town}-up")

    assert before["agents"] == len(inventory.devices)
    assert before["silent"] == []
    assert f"{town}-hub" in after["silent"]
    assert set(after["silent"]) <= below
