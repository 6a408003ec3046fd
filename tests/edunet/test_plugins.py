"""Is a plugin found by the name of its file, and are its mistakes told without their values?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edunet.errors import ConfigError
from edunet.model import Model
from edunet.plugins import build, find, kinds

FILES = {
    "__init__": "",
    "_own": "raise RuntimeError('read though nobody asked')",
    "broken": "raise RuntimeError('read though nobody asked')",
    "pigeon": """
from edunet.model import Model
from edunet.units import Duration
class Letter(Model): text: str = ""
class Pigeon(Model):
    loft: str
    pause: Duration = 1.0
""",
    "carrier_pigeon": """
from edunet.model import Model
class CarrierPigeon(Model): ...
""",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of plugins of its own."""
    name = "birds_of_this_test"
    (tmp_path / name).mkdir()
    for module, text in FILES.items():
        (tmp_path / name / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in [m for m in sys.modules if m.split(".")[0] == name]:
        del sys.modules[module]


def test_the_kinds_are_the_files_that_do_not_begin_with_an_underscore(package: str) -> None:
    assert ["broken", "carrier_pigeon", "pigeon"] == kinds(package)


def test_the_class_is_the_one_named_after_the_file_and_no_other_file_is_read(package: str) -> None:
    assert "Pigeon" == find(package, "pigeon", Model).__name__
    assert "CarrierPigeon" == find(package, "carrier_pigeon", Model).__name__
    assert f"{package}.broken" not in sys.modules


def test_it_is_built_of_its_settings(package: str) -> None:
    made = build(package, Model, "birds.duty", {"kind": "pigeon", "loft": "north", "pause": "2s"})

    assert {"loft": "north", "pause": 2.0} == made.model_dump()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "birds.duty: no kind ''; choose one of broken, carrier_pigeon, pigeon"),
        (
            {"kind": "_own"},
            "birds.duty: no kind '_own'; choose one of broken, carrier_pigeon, pigeon",
        ),
        (
            {"kind": "../pigeon"},
            "birds.duty: no kind '../pigeon'; choose one of broken, carrier_pigeon, pigeon",
        ),
        (
            {"kind": ["pigeon"]},
            "birds.duty: no kind \"['pigeon']\"; choose one of broken, carrier_pigeon, pigeon",
        ),
        ({"kind": "pigeon"}, "birds.duty.loft: is missing"),
        (
            {"kind": "pigeon", "loft": "n", "nest": "sesame"},
            "birds.duty.nest: is no key; pigeon takes loft, pause",
        ),
    ],
)
def test_a_mistake_is_named_by_its_place(
    package: str, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError) as mistake:
        build(package, Model, "birds.duty", settings)

    assert said == str(mistake.value)


def test_every_mistake_is_told_and_no_value_of_one(package: str) -> None:
    settings = {"kind": "pigeon", "loft": {"key": "sesame"}, "nest": "sesame"}
    with pytest.raises(ConfigError) as mistake:
        build(package, Model, "birds.duty", settings)

    assert 2 == len(str(mistake.value).splitlines())
    assert "sesame" not in str(mistake.value)


@pytest.mark.parametrize("package", ["alerts.channels", "collector.sinks"])
def test_every_plugin_we_ship_is_found(package: str) -> None:
    assert kinds(package)
    for kind in kinds(package):
        assert issubclass(find(package, kind, Model), Model)
