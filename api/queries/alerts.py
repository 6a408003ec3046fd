"""What is held against whom."""

from __future__ import annotations

from alerts.alert import Alert, incident_id
from alerts.picture import Picture
from api.queries.common import Answer, when
from api.scope import Scope


def alerts(picture: Picture, scope: Scope, lang: str) -> list[Answer]:
    """The objects of `/alerts`: pending and firing, then those resolved lately."""
    return [
        _alert(picture, alert, lang)
        for alert in (*picture.alerts, *picture.closed)
        if scope.sees(alert.county)
    ]


def _alert(picture: Picture, alert: Alert, lang: str) -> Answer:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject._asdict(),
        "county": alert.county,
        "severity": alert.severity,
        "state": alert.state,
        "acknowledged": None,
        "silenced": False,
        "since": when(picture, alert.since),
        "fired": when(picture, alert.fired),
        "resolved": when(picture, alert.resolved),
        "reason": alert.reason,
        "value": None,
        "cause": alert.cause,
        "sites": list(alert.sites),
        "schools": alert.schools,
        "summary": alert.summary.get(lang) or next(iter(alert.summary.values())),
        "incident": incident_id(alert),
    }
