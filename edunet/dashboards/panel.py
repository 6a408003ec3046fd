"""What is said of one panel: its question, its unit and its place; nothing of Grafana's JSON."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal["stat", "timeseries", "table", "bargauge"]
Unit = Literal["short", "bps", "percentunit", "s"]


class Query(NamedTuple):
    """One PromQL question; `legend` names its series and may use `{{label}}`."""

    expr: str
    legend: str


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


class Variable(NamedTuple):
    """A choice of the reader: the values of one label of one metric."""

    name: str
    title: str
    metric: str
    label: str


class Dashboard(NamedTuple):
    """One dashboard; panels are laid out in rows of 24 columns, in their order."""

    uid: str
    title: str
    help: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]

    def expressions(self) -> list[str]:
        """Every question it asks, with its variables in it."""
        return [query.expr for panel in self.panels for query in panel.queries]

    def places(self) -> list[dict[str, Any]]:
        """`gridPos` of each panel: from left to right, a new row where the old one is full."""
        places, x, y, tallest = [], 0, 0, 0
        for panel in self.panels:
            if x + panel.width > 24:
                x, y, tallest = 0, y + tallest, 0
            places.append({"x": x, "y": y, "w": panel.width, "h": panel.height})
            x, tallest = x + panel.width, max(tallest, panel.height)
        return places
