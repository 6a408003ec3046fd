"""What is said of one panel: its question, its unit and its place; nothing of Grafana's JSON."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal["stat", "timeseries", "table", "bargauge", "state-timeline"]
Unit = Literal["short", "bps", "percentunit", "s", "cps"]
Source = Literal["prometheus", "influxdb"]


class Query(NamedTuple):
    """One question, PromQL or InfluxQL; `legend` names its series and may use `{{label}}`.

    In a table it heads the column; without one only the labels are shown.
    """

    expr: str
    legend: str


class Way(NamedTuple):
    """Where a click leads: the dashboard whose `variable` becomes the value of `label`."""

    title: str
    board: str
    variable: str
    label: str


class Panel(NamedTuple):
    """One panel. `colours` are pairs of the value from which on, and the colour then."""

    kind: Kind
    title: str
    help: str
    queries: tuple[Query, ...]
    width: int
    height: int
    unit: Unit = "short"
    colours: tuple[tuple[float, str], ...] = ()
    stacked: bool = False
    # Series by legend: their colour, and whether they are a limit drawn as a dashed line.
    series: tuple[tuple[str, str, bool], ...] = ()
    # Columns of a table by label: their heading.
    columns: tuple[tuple[str, str], ...] = ()
    # What a value means, and its colour; of a table: in the column `mapped`.
    values: tuple[tuple[str, str, str], ...] = ()
    mapped: str = ""
    ways: tuple[Way, ...] = ()
    # Columns of a table that have another unit, by legend.
    units: tuple[tuple[str, Unit], ...] = ()


class Variable(NamedTuple):
    """A choice of the reader, as the data source lists it. `many`: several, or all of them.

    `regex` picks text and value out of each answer, where they are not the same.
    """

    name: str
    title: str
    query: str
    many: bool = True
    regex: str = ""


class Annotation(NamedTuple):
    """What is marked in every curve of a dashboard: moments when `expr` is above zero."""

    title: str
    expr: str
    text: str
    colour: str


class Dashboard(NamedTuple):
    """One dashboard; panels are laid out in rows of 24 columns, in their order."""

    uid: str
    title: str
    help: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]
    annotations: tuple[Annotation, ...] = ()
    source: Source = "prometheus"

    def expressions(self) -> list[str]:
        """Every question it asks, with its variables in it."""
        asked = [query.expr for panel in self.panels for query in panel.queries]
        return [*asked, *(annotation.expr for annotation in self.annotations)]

    def places(self) -> list[dict[str, Any]]:
        """`gridPos` of each panel: from left to right, a new row where the old one is full."""
        places, x, y, tallest = [], 0, 0, 0
        for panel in self.panels:
            if x + panel.width > 24:
                x, y, tallest = 0, y + tallest, 0
            places.append({"x": x, "y": y, "w": panel.width, "h": panel.height})
            x, tallest = x + panel.width, max(tallest, panel.height)
        return places
