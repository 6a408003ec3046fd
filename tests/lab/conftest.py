"""What the tests of the city share: the sample inventory, and a copy that is really played."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import lab
from edunet.clock import ManualClock
from edunet.inventory.model import Inventory
from lab.city import City

ROOT = Path(__file__).parents[2]
COMMUNITY = "sesame"


@pytest.fixture(scope="session")
def sample() -> Inventory:
    """The inventory that lies at the top of the tree."""
    return Inventory.model_validate(yaml.safe_load((ROOT / "inventory.yaml").read_text("utf-8")))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def city(sample: Inventory, clock: ManualClock) -> City:
    """A city nobody speaks to: its state alone."""
    return City(sample, clock)


@pytest.fixture(scope="session")
def elsewhere(sample: Inventory) -> Inventory:
    """The sample at addresses and a port of this test run alone."""
    return lab.moved(sample, port=lab.free_port(), net=32 + 16 * (os.getpid() % 12))


@pytest.fixture(scope="session")
def _played(
    elsewhere: Inventory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[lab.VirtualCity]:
    with lab.start(elsewhere, COMMUNITY, tmp_path_factory.mktemp("city")) as playing:
        yield playing


@pytest.fixture
def played(_played: lab.VirtualCity) -> Iterator[lab.VirtualCity]:
    """A city in its own process, whole again before and after each test."""
    _played.ask("heal")
    yield _played
    _played.ask("heal")
