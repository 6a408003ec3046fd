"""How is a table of panels written as the JSON Grafana reads?"""

from __future__ import annotations

import json
from string import ascii_uppercase
from typing import Any, Final

from edunet.dashboards.panel import Dashboard, Panel, Query, Variable

Json = dict[str, Any]

# The reader's choice, never a fixed identity: the file must fit every Grafana.
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
# Grafana 11; older ones migrate what they know, newer ones migrate it upwards.
_SCHEMA: Final = 39


def text(dashboard: Dashboard) -> str:
    """The file, byte for byte the same for the same table."""
    return json.dumps(_dashboard(dashboard), ensure_ascii=False, indent=2) + "\n"


def _dashboard(dashboard: Dashboard) -> Json:
    places = dashboard.places()
    return {
        "annotations": {"list": []},
        "description": dashboard.help,
        "editable": True,
        "graphTooltip": 1,
        "id": None,
        "links": [],
        "panels": [
            _panel(number, panel, place)
            for number, (panel, place) in enumerate(zip(dashboard.panels, places, strict=True), 1)
        ],
        "refresh": "30s",
        "schemaVersion": _SCHEMA,
        "tags": ["edunet"],
        "templating": {"list": [_datasource(), *map(_variable, dashboard.variables)]},
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
    }


def _datasource() -> Json:
    return {
        "current": {},
        "hide": 0,
        "includeAll": False,
        "label": "数据源 Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "type": "datasource",
    }


def _variable(variable: Variable) -> Json:
    query = f"label_values({variable.metric}, {variable.label})"
    return {
        # `.*` also matches what has no such label: schools of the city itself.
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": _SOURCE,
        "definition": query,
        "hide": 0,
        "includeAll": True,
        "label": variable.title,
        "multi": True,
        "name": variable.name,
        "options": [],
        "query": {"qryType": 1, "query": query, "refId": "variable"},
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "type": "query",
    }


def _panel(number: int, panel: Panel, place: Json) -> Json:
    made = {
        "datasource": _SOURCE,
        "description": panel.help,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        "gridPos": place,
        "id": number,
        "options": _options(panel),
        "targets": [
            _target(letter, query, panel)
            for letter, query in zip(ascii_uppercase, panel.queries, strict=False)
        ],
        "title": panel.title,
        "type": panel.kind,
    }
    if panel.kind == "table":
        made["transformations"] = _one_table(panel)
    return made


def _target(letter: str, query: Query, panel: Panel) -> Json:
    once = panel.kind in ("table", "bargauge", "stat")
    return {
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": "table" if panel.kind == "table" else "time_series",
        "instant": once,
        "legendFormat": query.legend,
        "range": not once,
        "refId": letter,
    }


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [
        {"color": colour, "value": start if index else None}
        for index, (start, colour) in enumerate(panel.colours)
    ]
    defaults: Json = {
        "color": {"mode": "thresholds" if steps else "palette-classic"},
        "noValue": "无数据 no data",
        "thresholds": {"mode": "absolute", "steps": steps or [{"color": "text", "value": None}]},
        "unit": panel.unit,
    }
    if panel.kind == "stat" and not steps:
        defaults["color"] = {"fixedColor": "text", "mode": "fixed"}
    if panel.unit == "percentunit":
        defaults |= {"min": 0, "max": 1}
    if panel.kind == "timeseries":
        defaults["min"] = 0
        defaults["custom"] = {
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
        defaults.pop("max", None)
    return defaults


def _overrides(panel: Panel) -> list[Json]:
    overrides: list[Json] = []
    for name, colour, limit in panel.series:
        properties: list[Json] = [
            {"id": "color", "value": {"fixedColor": colour, "mode": "fixed"}},
        ]
        if limit:
            properties += [
                {"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}},
                {"id": "custom.fillOpacity", "value": 0},
            ]
        if panel.kind == "table":
            properties = [
                *({"id": "custom.cellOptions", "value": {"type": "color-text"}},),
                {
                    "id": "thresholds",
                    "value": {
                        "mode": "absolute",
                        "steps": [{"color": "text", "value": None}, {"color": colour, "value": 1}],
                    },
                },
                {"id": "color", "value": {"mode": "thresholds"}},
            ]
        matcher = "byRegexp" if name.startswith("/") else "byName"
        overrides.append({"matcher": {"id": matcher, "options": name}, "properties": properties})
    return overrides


def _options(panel: Panel) -> Json:
    newest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
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
        worst = panel.queries[1].legend
        return {
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"desc": True, "displayName": worst}],
        }
    return {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _one_table(panel: Panel) -> list[Json]:
    """The answers of several questions side by side, under the names a reader knows."""
    values = {
        f"Value #{letter}": query.legend
        for letter, query in zip(ascii_uppercase, panel.queries, strict=False)
    }
    names = dict(panel.columns) | values
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True},
                "indexByName": {name: index for index, name in enumerate(names)},
                "renameByName": names,
            },
        },
    ]
