"""Is the committed dashboard what its table says, and one that any Grafana can read?"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

from edunet import metrics
from edunet.cli import app
from edunet.dashboards import DASHBOARDS, text

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "dashboards"
UNITS: Final = {"short", "bps", "percentunit", "s"}
NAMES: Final = sorted(DASHBOARDS)


def made(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return loaded


def test_every_file_has_its_table_and_every_table_its_file() -> None:
    assert NAMES == sorted(path.name for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_the_regenerated_one_byte_for_byte(name: str) -> None:
    assert text(DASHBOARDS[name]).encode() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_its_address_is_its_name(name: str) -> None:
    assert f"edunet-{name.removesuffix('.json')}" == made(name)["uid"]
    assert ["edunet"] == made(name)["tags"]


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_told_apart(name: str) -> None:
    panels = made(name)["panels"]

    for field in ("id", "title"):
        assert len(panels) == len({panel[field] for panel in panels})


@pytest.mark.parametrize("name", NAMES)
def test_panels_lie_in_24_columns_and_on_no_other_panel(name: str) -> None:
    places = [panel["gridPos"] for panel in made(name)["panels"]]

    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_used_is_defined_and_every_one_defined_is_used(name: str) -> None:
    dashboard = made(name)
    defined = [variable["name"] for variable in dashboard["templating"]["list"]]
    used = set(re.findall(r"\$\{?(\w+)\}?", json.dumps(dashboard["panels"])))

    assert used == set(defined)
    # A variable asks the data source, which must have been chosen before.
    assert "datasource" == defined[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_data_source_is_fixed(name: str) -> None:
    found = re.findall(r'"uid": "([^"]*)"', (FOLDER / name).read_text("utf-8"))

    assert {"${datasource}", made(name)["uid"]} == set(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_one_we_export(name: str) -> None:
    asked = re.findall(r"\bedunet_\w+", json.dumps(made(name)))

    assert asked
    assert set(asked) <= metrics.NAMES


@pytest.mark.parametrize("name", NAMES)
def test_titles_are_in_both_languages_and_units_are_ours(name: str) -> None:
    for panel in made(name)["panels"]:
        assert re.search("[一-鿿]", panel["title"]), panel["title"]
        assert re.search("[A-Za-z]{4}", panel["title"]), panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_is_never_drawn_over(name: str) -> None:
    curves = [panel for panel in made(name)["panels"] if panel["type"] == "timeseries"]

    assert curves
    assert not any(one["fieldConfig"]["defaults"]["custom"]["spanNulls"] for one in curves)


def test_provisioning_names_what_grafana_needs_and_no_secret() -> None:
    folder = FOLDER / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "edunet.yaml").read_text("utf-8"))
    provider = yaml.safe_load((folder / "dashboards" / "edunet.yaml").read_text("utf-8"))

    assert (1, "prometheus") == (source["apiVersion"], source["datasources"][0]["type"])
    assert "secureJsonData" not in source["datasources"][0]
    assert (1, "file") == (provider["apiVersion"], provider["providers"][0]["type"])


def test_the_command_writes_then_finds_nothing_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = CliRunner().invoke(app, ["dashboards", "--directory", str(folder)])
    again = CliRunner().invoke(app, ["dashboards", "--check", "--directory", str(folder)])

    assert (0, f"{folder / 'city.json'}: written\n") == (first.exit_code, first.stdout)
    assert (0, f"{folder / 'city.json'}: up to date\n") == (again.exit_code, again.stdout)


@pytest.mark.parametrize("damage", [b"{}", b"\xff\xfe", None], ids=["edited", "torn", "missing"])
def test_a_check_finds_a_file_that_differs_and_leaves_it_alone(
    tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "city.json"
    if damage is not None:
        path.write_bytes(damage)
    result = CliRunner().invoke(app, ["dashboards", "--check", "--directory", str(tmp_path)])

    assert 1 == result.exit_code
    assert f"{path}: differs from its table; write it by: edunet dashboards\n" == result.stdout
    assert damage == (path.read_bytes() if path.exists() else None)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["dashboards", "--directory", str(tmp_path / "file" / "sub")])

    assert 2 == result.exit_code
    assert "cannot be written" in result.stderr
    assert "choose another place by --directory" in result.stderr
