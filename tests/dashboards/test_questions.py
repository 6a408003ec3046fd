"""Does every question of a dashboard have an answer, asked of real time series databases?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from city_facts import cut_off, schools
from watched_city import CUT, City, ask, ask_influx

from edunet.dashboards import DASHBOARDS, Dashboard

pytestmark = pytest.mark.daemon

# For each choice of the reader: something that is well, and something behind the cut.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "county": ("c1", "c3", ".*"),
    "school": ("c1-s01", "c3-s01"),
    "link": ("c1-s01-up", "core-c3"),
    "device": ("c1-s01-sw", "c3-agg"),
}
# What Grafana puts in by itself.
MACROS: Final = {
    "$__rate_interval": "1m",
    "$__range": "5m",
    "$__interval": "10s",
    "$timeFilter": "time > now() - 5m",
}


def chosen(expr: str) -> Iterator[str]:
    """The question as Grafana sends it, for each choice of a reader."""
    for macro, value in MACROS.items():
        expr = expr.replace(macro, value)
    names = [name for name in CHOICES if f"${name}" in expr]
    for values in itertools.product(*(CHOICES[name] for name in names)):
        filled = expr
        for name, value in zip(names, values, strict=True):
            filled = filled.replace(f"${name}", value)
        yield filled


def questions(board: Dashboard) -> list[str]:
    """All it asks, and what its variables ask."""
    lists = [
        found[1]
        for variable in board.variables
        if (
            found := re.fullmatch(r"(?:query_result|label_values)\((.*?)(, \w+)?\)", variable.query)
        )
    ]
    return [*board.expressions(), *lists]


def of(source: str) -> list[tuple[str, str]]:
    return [
        (name, expr)
        for name, board in DASHBOARDS.items()
        if board.source == source
        for expr in questions(board)
    ]


def answers(asking: Callable[[str], list[Any]], expr: str) -> bool:
    return any(asking(one) for one in chosen(expr))


@pytest.mark.parametrize("server", ["prometheus", "victoria_metrics"])
def test_every_question_is_answered_and_of_a_renamed_metric_none(city: City, server: str) -> None:
    url = getattr(city, server)

    def asking(expr: str) -> list[Any]:
        return ask(url, expr, city.at)

    renamed = [
        (name, re.sub(r"\bedunet_\w+", r"\g<0>_renamed", expr)) for name, expr in of("prometheus")
    ]
    assert [] == [one for one in of("prometheus") if not answers(asking, one[1])]
    assert [] == [one for one in renamed if answers(asking, one[1])]


@pytest.mark.parametrize("server", ["prometheus", "victoria_metrics"])
def test_every_metric_of_a_question_counts(city: City, server: str) -> None:
    """Renamed one at a time, each changes the answer of the same moment."""
    url, at = getattr(city, server), city.at
    idle = []
    for name, expr in of("prometheus"):
        if " or 0 * " in expr:  # the zero is for what may never have happened: asked below
            continue
        told = {one: ask(url, one, at) for one in chosen(expr)}
        for metric in set(re.findall(r"\bedunet_\w+", expr)):
            changed = {
                one: ask(url, re.sub(rf"\b{metric}\b", f"{metric}_renamed", one), at)
                for one in told
            }
            if changed == told:
                idle.append((name, expr, metric))

    assert [] == idle


def test_every_influx_question_is_answered_and_of_a_renamed_field_none(city: City) -> None:
    def asking(query: str) -> list[Any]:
        return [
            row
            for series in ask_influx(city.influxdb, query)
            for row in series["values"]
            if any(value is not None for value in row[1:])
        ]

    def renamed(query: str) -> str:
        return re.sub(r'"(up|\w+_(?:ratio|seconds|per_second|total))"', r'"\1_renamed"', query)

    asked = of("influxdb")

    assert [] == [one for one in asked if not answers(asking, one[1])]
    assert [] == [one for one in asked if answers(asking, renamed(one[1]))]


def test_all_counties_include_the_schools_of_the_city(city: City) -> None:
    """In both languages: what has no county is in no county, and in all of them."""
    everybody = len(schools(city.house.inventory))
    promql = next(e for _, e in of("prometheus") if e.startswith("count(edunet_school_info"))
    influxql = next(e for _, e in of("influxdb") if e.startswith('SELECT count("up") FROM'))
    inside = sum(
        len(schools_of(city, county.id))
        for county in city.house.inventory.sites
        if county.kind == "county"
    )

    assert everybody > inside
    for county, wanted in ((".*", everybody), ("c1", len(schools_of(city, "c1")))):
        (one,) = ask(city.prometheus, promql.replace("$county", county))
        assert wanted == int(one["value"][1])
        filled = influxql.replace("$county", county).replace("$timeFilter", MACROS["$timeFilter"])
        (series,) = ask_influx(city.influxdb, filled)
        assert wanted == series["values"][0][1]


def test_the_county_that_was_cut_off_is_told_by_every_database(city: City) -> None:
    lost = len(cut_off(city.house.inventory, {CUT}) & schools(city.house.inventory))
    asked = 'sum by (county) (edunet_school_state{state="unreachable"}) > 0'
    (table,) = (e for n, e in of("influxdb") if n == "influx/city.json" and 'AS "lost"' in e)
    filled = next(e for e in chosen(table) if ".*" in e)

    for url in (city.prometheus, city.victoria_metrics):
        told = {row["metric"]["county"]: int(row["value"][1]) for row in ask(url, asked)}
        assert {"c3": lost} == told
    columns = {s["tags"]["county"]: s["values"][0][2] for s in ask_influx(city.influxdb, filled)}
    assert {"c3": lost} == {county: count for county, count in columns.items() if count}


def test_what_never_happened_is_zero_only_while_the_collector_is_heard_of(city: City) -> None:
    for name, expr in of("prometheus"):
        happened, zero, heard = expr.partition(" or 0 * ")
        if not zero or " > " in expr:
            continue
        never = re.sub(r"\bedunet_\w+", r"\g<0>_renamed", happened)
        deaf = re.sub(r"\bedunet_\w+", r"\g<0>_renamed", heard)
        for one, other in zip(
            chosen(f"{never}{zero}{heard}"), chosen(f"{never}{zero}{deaf}"), strict=True
        ):
            assert {"0"} >= {row["value"][1] for row in ask(city.prometheus, one)}, name
            assert [] == ask(city.prometheus, other), name


def test_a_school_is_chosen_by_its_name_or_its_code(city: City) -> None:
    """What Grafana makes of the answer: its own expression, its own order of labels."""
    site = next(s for s in city.house.inventory.sites if s.id == "c1-s01")

    assert f"{site.name} {site.code}" == offered(city, "school.json", "school")[site.id]


@pytest.mark.parametrize("board", [name for name in DASHBOARDS if "influx" not in name])
def test_a_county_is_chosen_by_its_name(city: City, board: str) -> None:
    if any(variable.name == "county" for variable in DASHBOARDS[board].variables):
        assert county_names(city) == offered(city, board, "county")


def test_the_table_of_counties_names_each_of_them(city: City) -> None:
    """Grafana joins the answers by the labels they share."""
    (panel,) = (p for p in DASHBOARDS["city.json"].panels if p.title == "县区 Counties")
    rows: dict[str, dict[str, str]] = {}
    for number, query in enumerate(panel.queries):
        (expr,) = (e for e in chosen(query.expr) if ".*" in e)
        for row in ask(city.prometheus, expr):
            told = {"name": row["metric"].get("name", ""), f"Value #{number}": row["value"][1]}
            held = rows.setdefault(row["metric"].get("county", ""), {})
            held |= {key: value for key, value in told.items() if value}

    shown = dict(panel.columns)
    assert "name" in shown
    assert {"": None, **county_names(city)} == {id_: row.get("name") for id_, row in rows.items()}
    assert all(len(row) == len(panel.queries) + 1 for id_, row in rows.items() if id_)


def county_names(city: City) -> dict[str, str]:
    return {site.id: site.name for site in city.house.inventory.sites if site.kind == "county"}


def offered(city: City, board: str, name: str) -> dict[str, str]:
    """Value -> text of a variable's choices, as Grafana's own expression picks them out."""
    (variable,) = (v for v in DASHBOARDS[board].variables if v.name == name)
    pattern = variable.regex.strip("/g").replace("(?<", "(?P<")
    found = {}
    for expr in set(chosen(variable.query[len("query_result(") : -1])):
        for row in ask(city.prometheus, expr):
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(row["metric"].items()))
            told = [m.groupdict() for m in re.finditer(pattern, f"{{{labels}}} 1 1700000000000")]
            (text,) = (one["text"] for one in told if one["text"])
            (value,) = (one["value"] for one in told if one["value"])
            found[value] = text
    return found


def schools_of(city: City, county: str) -> list[Any]:
    return city.house.get("schools", county=county, limit=1000)["items"]  # type: ignore[no-any-return]
