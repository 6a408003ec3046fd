"""How is a table of panels written as the JSON Grafana reads?"""

from __future__ import annotations

import json
import re
from string import ascii_uppercase
from typing import Any, Final

from edunet.dashboards.fields import defaults, one_table, options, overrides
from edunet.dashboards.panel import Annotation, Dashboard, Panel, Query, Source, Variable

Json = dict[str, Any]

# Grafana 11; older ones migrate what they know, newer ones migrate it upwards.
_SCHEMA: Final = 39
# InfluxDB is asked for steps that hold a reading each: ports are read once a minute.
_STEP: Final = "2m"
# How Grafana's own code numbers the kinds of questions a variable puts to Prometheus.
_LABEL_VALUES, _QUERY_RESULT = 1, 3


def text(dashboard: Dashboard) -> str:
    """The file, byte for byte the same for the same table."""
    return json.dumps(_dashboard(dashboard), ensure_ascii=False, indent=2) + "\n"


def _dashboard(dashboard: Dashboard) -> Json:
    places, source = dashboard.places(), dashboard.source
    return {
        "annotations": {"list": [_annotation(each, source) for each in dashboard.annotations]},
        "description": dashboard.help,
        "editable": True,
        "graphTooltip": 1,
        "id": None,
        "links": [_others()],
        "panels": [
            _panel(number, panel, place, source)
            for number, (panel, place) in enumerate(zip(dashboard.panels, places, strict=True), 1)
        ],
        "refresh": "30s",
        "schemaVersion": _SCHEMA,
        "tags": ["edunet"],
        "templating": {
            "list": [
                _datasource(source),
                *(_variable(each, source) for each in dashboard.variables),
            ]
        },
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
    }


def _source(source: Source) -> Json:
    """The reader's choice, never a fixed identity: the file must fit every Grafana."""
    return {"type": source, "uid": "${datasource}"}


def _others() -> Json:
    """A menu of all our dashboards, which keeps what was chosen."""
    return {
        "asDropdown": True,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": ["edunet"],
        "targetBlank": False,
        "title": "教育城域网 edunet",
        "type": "dashboards",
    }


def _annotation(annotation: Annotation, source: Source) -> Json:
    return {
        "datasource": _source(source),
        "enable": True,
        # Said twice: Grafana before 10 reads it here, later ones in `target`.
        "expr": annotation.expr,
        "hide": False,
        "iconColor": annotation.colour,
        "name": annotation.title,
        "step": "60s",
        "target": {"expr": annotation.expr, "interval": "60s", "range": True, "refId": "Anno"},
        "textFormat": annotation.text,
        "titleFormat": annotation.title,
        "useValueForTime": False,
    }


def _datasource(source: Source) -> Json:
    return {
        "current": {},
        "hide": 0,
        "includeAll": False,
        "label": "数据源 Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": source,
        "refresh": 1,
        "regex": "",
        "type": "datasource",
    }


def _variable(variable: Variable, source: Source) -> Json:
    kind = _QUERY_RESULT if variable.query.startswith("query_result") else _LABEL_VALUES
    asked = {"qryType": kind, "query": variable.query, "refId": "variable"}
    made = {
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": _source(source),
        "definition": variable.query,
        "hide": 0,
        "includeAll": variable.many,
        "label": variable.title,
        "multi": variable.many,
        "name": variable.name,
        "options": [],
        "query": asked if source == "prometheus" else variable.query,
        "refresh": 2,
        "regex": variable.regex,
        "sort": 1,
        "type": "query",
    }
    if not variable.many:
        return {**made, "current": {}}
    # `.*` also matches what has no such label: schools of the city itself.
    return {"allValue": ".*", **made}


def _panel(number: int, panel: Panel, place: Json, source: Source) -> Json:
    made = {
        "datasource": _source(source),
        "description": panel.help,
        "fieldConfig": {"defaults": defaults(panel), "overrides": overrides(panel)},
        "gridPos": place,
        "id": number,
        "options": options(panel),
        "targets": [
            (_promql if source == "prometheus" else _influxql)(letter, query, panel)
            for letter, query in zip(ascii_uppercase, panel.queries, strict=False)
        ],
        "title": panel.title,
        "type": panel.kind,
    }
    if panel.kind == "table":
        made["transformations"] = one_table(panel)
    if source == "influxdb":
        made["interval"] = _STEP
    return made


def _promql(letter: str, query: Query, panel: Panel) -> Json:
    once = panel.kind in ("table", "bargauge", "stat")
    return {
        "datasource": _source("prometheus"),
        "editorMode": "code",
        "expr": query.expr,
        "format": "table" if panel.kind == "table" else "time_series",
        "instant": once,
        "legendFormat": query.legend,
        "range": not once,
        "refId": letter,
    }


def _influxql(letter: str, query: Query, panel: Panel) -> Json:
    return {
        "alias": re.sub(r"{{(\w+)}}", r"$tag_\1", query.legend),
        "datasource": _source("influxdb"),
        "query": query.expr,
        "rawQuery": True,
        "refId": letter,
        "resultFormat": "table" if panel.kind == "table" else "time_series",
    }
