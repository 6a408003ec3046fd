"""What one rule holds against one subject, and the message that tells of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

Severity = Literal["critical", "major", "minor", "info"]
AlertState = Literal["pending", "firing", "resolved"]


Key = tuple[Literal["link", "device"], str]


class Subject(NamedTuple):
    type: Literal["link", "device"]
    id: str
    name: str

    @property
    def key(self) -> Key:
        """What makes it the same subject, whatever it is called."""
        return self.type, self.id


class Alert(NamedTuple):
    """One alert at one moment. Times in milliseconds UTC.

    Attributes:
        since: first evidence. fired: when it was told. resolved: first success after it.
        sites: ids of the sites cut off, sorted; schools: how many of them are schools.
        seq: notices sent so far. reason: why it was resolved, recovered or removed (the subject is
            no longer in the inventory); None until then.
    """

    id: str
    rule: str
    subject: Subject
    county: str | None
    severity: Severity
    state: AlertState
    since: int
    fired: int | None
    resolved: int | None
    cause: str
    summary: Mapping[str, str]
    sites: tuple[str, ...]
    schools: int
    classes: int
    students: int
    seq: int = 0
    reason: Literal["recovered", "removed"] | None = None


class Notice(NamedTuple):
    """One message about one alert. `key` is its identity everywhere, for ever."""

    key: str
    time: int
    action: Literal["open", "resolve"]
    alert: Alert


def alert_id(rule: str, subject: Subject, since: int) -> str:
    """An identity made of the evidence: a restart or a second node computes the same."""
    text = f"{rule}|{subject.type}:{subject.id}|{since}"
    return "al-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def incident_id(alert: Alert) -> str:
    """The finding the alert tells of: one alert, one incident, known by the same evidence."""
    return "inc-" + alert.id.removeprefix("al-")


def stamp(ms: int | None, zone: ZoneInfo) -> str | None:
    """RFC 3339 with the network's offset, or None."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="milliseconds")


def record(alert: Alert) -> dict[str, Any]:
    """The alert as the books keep it; `restore` is its inverse."""
    return {**alert._asdict(), "subject": alert.subject._asdict(), "summary": dict(alert.summary)}


def restore(body: Mapping[str, Any]) -> Alert:
    """The alert a record was made of.

    Raises:
        KeyError, TypeError: the record is of another shape.
    """
    fields = {**body, "subject": Subject(**body["subject"]), "sites": tuple(body["sites"])}
    return Alert(**fields)


def message(notice: Notice, zone: ZoneInfo, locale: str, url: str) -> dict[str, Any]:
    """The webhook's body for one notice, as the contract has it."""
    alert = notice.alert
    return {
        "key": notice.key,
        "time": stamp(notice.time, zone),
        "action": notice.action,
        "incident": incident_id(alert),
        "alert": alert.id,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "root": alert.subject._asdict(),
        "cause": alert.cause,
        "opened": stamp(alert.since, zone),
        "resolved": stamp(alert.resolved, zone),
        "reason": alert.reason,
        "county": alert.county,
        "sites": list(alert.sites),
        "impact": {
            "sites": len(alert.sites),
            "schools": alert.schools,
            "classes": alert.classes,
            "students": alert.students,
        },
        "summary": alert.summary.get(locale) or next(iter(alert.summary.values())),
        "url": url,
    }
