"""Are the committed dashboards what their tables say, and such as any Grafana can read?"""

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
from edunet.dashboards.words import STATE_VALUES, state_number
from edunet.states import State

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "dashboards"
UNITS: Final = {"short", "bps", "percentunit", "s", "cps"}
# What Grafana brings along: nothing has to be fetched from the Internet.
CORE_PANELS: Final = {"stat", "timeseries", "table", "bargauge", "state-timeline"}
CORE_SOURCES: Final = {"prometheus", "influxdb"}
# Filled in by Grafana itself.
BUILT_IN: Final = re.compile(r"__\w+|timeFilter|tag_\w+")
NAMES: Final = sorted(DASHBOARDS)


def made(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return loaded


def test_every_file_has_its_table_and_every_table_its_file() -> None:
    assert NAMES == sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json"))


def test_the_six_are_there() -> None:
    wanted = {"city", "county", "school", "link", "device", "noc"}

    assert {f"{name}.json" for name in wanted} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_the_regenerated_one_byte_for_byte(name: str) -> None:
    assert text(DASHBOARDS[name]).encode() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_its_address_is_its_name(name: str) -> None:
    assert f"edunet-{name.removesuffix('.json').replace('/', '-')}" == made(name)["uid"]
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
    parts = [dashboard["panels"], dashboard["annotations"], dashboard["templating"]]
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(parts)))

    assert {name for name in used if not BUILT_IN.fullmatch(name)} == set(defined)
    # A variable asks the data source, which must have been chosen before.
    assert "datasource" == defined[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_data_source_is_fixed(name: str) -> None:
    found = re.findall(r'"uid": "([^"]*)"', (FOLDER / name).read_text("utf-8"))

    assert {"${datasource}", made(name)["uid"]} == set(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_one_we_export(name: str) -> None:
    asked = re.findall(r"\bedunet_\w+", json.dumps(made(name)))

    assert asked or "influxdb" == DASHBOARDS[name].source
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
    files = sorted((folder / "datasources").glob("*.yaml"))
    loaded = [yaml.safe_load(path.read_text("utf-8")) for path in files]
    sources = [source for one in loaded for source in one["datasources"]]
    provider = yaml.safe_load((folder / "dashboards" / "edunet.yaml").read_text("utf-8"))

    assert {1} == {one["apiVersion"] for one in loaded}
    assert CORE_SOURCES == {source["type"] for source in sources}
    assert len(sources) == len({source["name"] for source in sources}) == 3
    for source in sources:
        for secret in source.get("secureJsonData", {}).values():
            assert re.fullmatch(r"(Token )?\$\{?\w+\}?", secret)  # read from the environment
    assert (1, "file") == (provider["apiVersion"], provider["providers"][0]["type"])


def test_the_command_writes_then_finds_nothing_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = CliRunner().invoke(app, ["dashboards", "--directory", str(folder)])
    again = CliRunner().invoke(app, ["dashboards", "--check", "--directory", str(folder)])

    said = {"written": first, "up to date": again}
    for word, result in said.items():
        lines = [f"{folder / name}: {word}" for name in DASHBOARDS]
        assert (0, lines) == (result.exit_code, result.stdout.splitlines())


@pytest.mark.parametrize("damage", [b"{}", b"\xff\xfe", None], ids=["edited", "torn", "missing"])
def test_a_check_finds_a_file_that_differs_and_leaves_it_alone(
    tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "city.json"
    CliRunner().invoke(app, ["dashboards", "--directory", str(tmp_path)])
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    result = CliRunner().invoke(app, ["dashboards", "--check", "--directory", str(tmp_path)])

    assert 1 == result.exit_code
    differs = f"{path}: differs from its table; write it by: edunet dashboards"
    assert [differs] == [line for line in result.stdout.splitlines() if "up to date" not in line]
    assert damage == (path.read_bytes() if path.exists() else None)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["dashboards", "--directory", str(tmp_path / "file" / "sub")])

    assert 2 == result.exit_code
    assert "cannot be written" in result.stderr
    assert "choose another place by --directory" in result.stderr


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_and_no_data_source_is_a_plugin(name: str) -> None:
    board = made(name)

    assert {panel["type"] for panel in board["panels"]} <= CORE_PANELS
    for kind in re.findall(r'"datasource": {\s*"type": "(\w+)"', json.dumps(board)):
        assert kind in CORE_SOURCES


def links(board: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every link of a click, with its panel."""
    found = []
    for panel in board["panels"]:
        config = panel["fieldConfig"]
        told = [*config["defaults"].get("links", [])]
        for override in config["overrides"]:
            for each in override["properties"]:
                if each["id"] == "links":
                    told += each["value"]
        found += [(panel, link["url"]) for link in told]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_click_leads_to_a_dashboard_of_ours_and_fills_in_its_variable(name: str) -> None:
    boards = {made(each)["uid"]: made(each) for each in NAMES}
    for panel, url in links(made(name)):
        match = re.fullmatch(
            r"/d/([\w-]+)\?var-(\w+)=\$\{(__field\.labels|__data\.fields)\.(\w+)\}"
            r"&\$\{datasource:queryparam\}&\$\{__url_time_range\}",
            url,
        )
        assert match, url
        uid, variable, place, label = match.groups()
        board = boards[uid]
        assert variable in {one["name"] for one in board["templating"]["list"]}
        assert board["templating"]["list"][0]["query"] == panel["datasource"]["type"]
        assert ("__data.fields" == place) == ("table" == panel["type"])
        # The value is there to be filled in: the question keeps that label.
        assert all(
            label in target.get("expr", target.get("query")) or label in target["legendFormat"]
            for target in panel["targets"]
        ), panel["title"]


def test_one_clicks_from_the_city_down_to_a_device() -> None:
    ways = {
        made(name)["uid"]: {
            url.partition("?")[0].removeprefix("/d/") for _, url in links(made(name))
        }
        for name in NAMES
    }

    assert "edunet-county" in ways["edunet-city"]
    assert "edunet-school" in ways["edunet-county"]
    assert {"edunet-link", "edunet-device"} <= ways["edunet-school"]
    assert "edunet-device" in ways["edunet-link"]
    assert "edunet-link" in ways["edunet-device"]
    assert "edunet-influx-school" in ways["edunet-influx-city"]


@pytest.mark.parametrize("name", NAMES)
def test_what_an_override_names_is_shown_by_its_panel(name: str) -> None:
    for panel in made(name)["panels"]:
        text = json.dumps([panel["targets"], panel.get("transformations")], ensure_ascii=False)
        for override in panel["fieldConfig"]["overrides"]:
            wanted = override["matcher"]["options"].strip("/").rstrip("$")
            states = {state.word for state in State} if "{{state}}" in text else set()
            assert wanted in text or wanted in states, (panel["title"], wanted)


@pytest.mark.parametrize("name", NAMES)
def test_a_mapped_value_is_a_number_or_a_state_with_a_name_and_a_colour(name: str) -> None:
    words = {"up", "degraded", "down", "unreachable", "unknown"}
    found = json.dumps(made(name)["panels"])
    for told in re.findall(r'"mappings": (\[.*?\}\])', found):
        (mapping,) = json.loads(told[: told.index("]") + 1])
        assert "value" == mapping["type"]
        for value, shown in mapping["options"].items():
            assert value in words or value.isdecimal()
            assert re.fullmatch("#[0-9a-f]{6}", shown["color"])
            assert shown["text"]


def test_states_as_numbers_are_those_of_the_product() -> None:
    """The panel multiplies each state's series by a number, and the map names that number."""
    shown = {int(value): text.split()[-1].lower() for value, text, _ in STATE_VALUES}

    assert {int(state): state.word for state in State} == shown
    for state in State:
        assert f'{int(state)} * sum(edunet_school_state{{x,state="{state.word}"}})' in state_number(
            "x"
        )


@pytest.mark.parametrize("name", [n for n in NAMES if "influx" not in n])
def test_moments_are_marked_by_a_question_that_any_grafana_asks(name: str) -> None:
    (mark,) = made(name)["annotations"]["list"]

    assert mark["enable"]
    assert mark["expr"] == mark["target"]["expr"]
    # Grafana marks what is above zero: never `up == 0`, whose value is 0.
    assert " > " in mark["expr"]
    assert "offset 1m" in mark["expr"]
