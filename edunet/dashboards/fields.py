"""How does a panel show its values: colours, units, what a click does, and which columns?"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase
from typing import Any

from edunet.dashboards.panel import Panel, Way

Json = dict[str, Any]


def defaults(panel: Panel) -> Json:
    """What holds for every value of a panel."""
    steps: list[Json] = [
        {"color": colour, "value": start if index else None}
        for index, (start, colour) in enumerate(panel.colours)
    ]
    made: Json = {
        "color": {"mode": "thresholds" if steps else "palette-classic"},
        "noValue": "无数据 no data",
        "thresholds": {"mode": "absolute", "steps": steps or [{"color": "text", "value": None}]},
        "unit": panel.unit,
    }
    if panel.values and panel.kind != "table":
        made["mappings"] = _mappings(panel)
    if panel.kind == "stat" and not steps:
        made["color"] = {"fixedColor": "text", "mode": "fixed"}
    if panel.values and panel.kind != "table":
        made["color"] = {"mode": "thresholds"}  # a mapped value brings its own colour
    if panel.unit == "percentunit":
        made |= {"min": 0, "max": 1}
    if panel.kind == "timeseries":
        _curves(made, panel)
    if panel.kind == "state-timeline":
        made["custom"] = {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False}
    if panel.ways and panel.kind != "table":
        made["links"] = [_link(way, "__field.labels") for way in panel.ways]
    return made


def _curves(made: Json, panel: Panel) -> None:
    made["min"] = 0
    made["custom"] = {
        "drawStyle": "line",
        "fillOpacity": 60 if panel.stacked else 8,
        "lineInterpolation": "stepAfter" if panel.stacked else "linear",
        "lineWidth": 1,
        "showPoints": "never",
        # A gap is not drawn over: unknown is not zero, and not what was before.
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
    }
    # Loss of 2 % on a scale up to 100 % is not to be seen.
    made.pop("max", None)


def _mappings(panel: Panel) -> list[Json]:
    told = {
        value: {"color": colour, "index": index, "text": text}
        for index, (value, text, colour) in enumerate(panel.values)
    }
    return [{"options": told, "type": "value"}]


def _link(way: Way, labels: str) -> Json:
    """A click that keeps the data source and the time range."""
    chosen = f"var-{way.variable}=${{{labels}.{way.label}}}"
    url = f"/d/{way.board}?{chosen}&${{datasource:queryparam}}&${{__url_time_range}}"
    return {"targetBlank": False, "title": way.title, "url": url}


def overrides(panel: Panel) -> list[Json]:
    """What holds for some series, or some columns, alone."""
    made = [
        _override(name, _counted(colour) if panel.kind == "table" else _drawn(colour, limit))
        for name, colour, limit in panel.series
    ]
    return [*made, *_columns(panel)] if panel.kind == "table" else made


def _columns(panel: Panel) -> Iterator[Json]:
    """Headings of labels, units, states as words, and what a click does."""
    # A label's heading is set here and not by renaming: a link finds the value by the name.
    for label, heading in panel.columns:
        properties: list[Json] = [{"id": "displayName", "value": heading}]
        ways = [_link(way, "__data.fields") for way in panel.ways if way.label == label]
        if ways:
            properties.append({"id": "links", "value": ways})
        if panel.mapped == label:
            properties += _worded(panel)
        yield _override(label, properties)
    for name, unit in panel.units:
        yield _override(name, [{"id": "unit", "value": unit}])
    if panel.mapped in {query.legend for query in panel.queries}:
        yield _override(panel.mapped, _worded(panel))


def _override(name: str, properties: list[Json]) -> Json:
    matcher = "byRegexp" if name.startswith("/") else "byName"
    return {"matcher": {"id": matcher, "options": name}, "properties": properties}


def _drawn(colour: str, limit: bool) -> list[Json]:
    properties: list[Json] = [{"id": "color", "value": {"fixedColor": colour, "mode": "fixed"}}]
    if limit:
        properties += [
            {"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}},
            {"id": "custom.fillOpacity", "value": 0},
        ]
    return properties


def _counted(colour: str) -> list[Json]:
    """Plain at nothing, coloured from the first one on."""
    steps = [{"color": "text", "value": None}, {"color": colour, "value": 1}]
    return [
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        {"id": "thresholds", "value": {"mode": "absolute", "steps": steps}},
        {"id": "color", "value": {"mode": "thresholds"}},
    ]


def _worded(panel: Panel) -> list[Json]:
    return [
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        {"id": "mappings", "value": _mappings(panel)},
    ]


def options(panel: Panel) -> Json:
    """How a kind of panel lays out what it shows."""
    newest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    legend = {"calcs": ["lastNotNull"], "displayMode": "list", "placement": "bottom"}
    if panel.kind == "stat":
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "reduceOptions": newest,
            "textMode": "value",
        }
    if panel.kind == "bargauge":
        return {
            "displayMode": "basic",
            "orientation": "horizontal",
            "reduceOptions": newest,
            "showUnfilled": True,
            "valueMode": "text",
        }
    if panel.kind == "table":
        worst = panel.queries[min(1, len(panel.queries) - 1)].legend
        order = [{"desc": True, "displayName": worst}] if worst else []
        return {"cellHeight": "sm", "showHeader": True, "sortBy": order}
    if panel.kind == "state-timeline":
        return {
            "alignValue": "left",
            "legend": {**legend, "calcs": [], "showLegend": True},
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": {"mode": "single"},
        }
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def one_table(panel: Panel) -> list[Json]:
    """The answers of several questions side by side, under the names a reader knows."""
    fields: dict[str, str] = {}
    for letter, query in zip(ascii_uppercase, panel.queries, strict=False):
        fields[f"Value #{letter}"] = query.legend
    if len(panel.queries) == 1:  # then Grafana does not number it
        fields["Value"] = panel.queries[0].legend
    hidden = [name for name, legend in fields.items() if not legend]
    order = [label for label, _ in panel.columns] + [name for name in fields if fields[name]]
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": dict.fromkeys(["Time", *hidden], True),
                "indexByName": {name: index for index, name in enumerate(order)},
                "renameByName": {name: legend for name, legend in fields.items() if legend},
            },
        },
    ]
