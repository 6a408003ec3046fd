"""Houses and receivers of webhooks, each test's own or one for a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hook import Hook, listening
from house import Build, House


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole houses take seconds each: they run beside the real daemons."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("daemon")


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes a house that is not running yet; it is ended with the test."""
    with ExitStack() as houses:

        def made(name: str = "house", **how: object) -> House:
            return houses.enter_context(House(tmp_path / name, **how))  # type: ignore[arg-type]

        yield made


@pytest.fixture(scope="module")
def shared_hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


@pytest.fixture(scope="module")
def shared(shared_hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One running house with a receiver, for tests that leave it whole."""
    channels = {"duty": {"kind": "webhook", "url": shared_hook.url}}
    with House(tmp_path_factory.mktemp("shared"), channels=channels) as house:
        house.start()
        yield house
