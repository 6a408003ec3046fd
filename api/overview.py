"""What does the overview page show: the answers of the API, put in the order a reader needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

Answer = Mapping[str, Any]

# The worst first: what a reader wants to see of a row that has room for little.
TROUBLE: Final = ("down", "unreachable", "degraded", "unknown")
SEVERITIES: Final = ("critical", "major", "minor", "info")
_LOOK: Final = {"critical": "down", "major": "down", "minor": "degraded", "info": "degraded"}

# Data older than this is not shown as if it were now.
STALE_S: Final = 60.0


class Cell(NamedTuple):
    """One school in the grid; `number` is its place on the page."""

    number: int
    id: str
    name: str
    state: str
    planned: bool
    reason: str | None
    county: str | None
    classes: int | None
    incident: str | None


class Row(NamedTuple):
    """One county; `id` and `name` are None for the schools that answer to the city itself."""

    id: str | None
    name: str | None
    towns: tuple[tuple[Cell, ...], ...]
    total: int
    trouble: tuple[tuple[str, int], ...]


class Group(NamedTuple):
    """Schools in the same state for the same reason."""

    state: str
    planned: bool
    reason: str | None
    cells: tuple[Cell, ...]


class Alarm(NamedTuple):
    """One firing alert and whom it hurts; times are the API's own, with their offset."""

    id: str
    summary: str
    severity: str
    look: str
    county: str | None
    cells: tuple[int, ...]
    classes: int
    since: datetime | None
    lasting_s: float | None
    acknowledged: bool
    by: str | None
    silenced: bool


class Egress(NamedTuple):
    """One link of the city to the outside; rates in bit/s, None when unknown."""

    id: str
    name: str
    state: str
    download_bps: float | None
    upload_bps: float | None
    committed_bps: float | None
    utilization: float | None


class Overview(NamedTuple):
    """The whole page, in no language yet."""

    name: str
    now: datetime
    age_s: float | None
    schools: dict[str, int]
    links: dict[str, int]
    devices: dict[str, int]
    incidents: int
    blind: bool
    error: str | None
    rows: tuple[Row, ...]
    alarms: tuple[Alarm, ...]
    egress: tuple[Egress, ...]

    @property
    def stale(self) -> bool:
        """Whether the figures are too old to be read as the present, or not there yet."""
        return self.age_s is None or self.age_s > STALE_S

    @property
    def unacknowledged(self) -> int:
        return sum(not alarm.acknowledged for alarm in self.alarms)

    @property
    def planned(self) -> int:
        return sum(cell.planned for row in self.rows for town in row.towns for cell in town)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The schools that are not up by what ails them: the worst and largest first."""
        alike: dict[tuple[bool, int, str | None], list[Cell]] = {}
        for row in self.rows:
            for cell in (cell for town in row.towns for cell in town if cell.state in TROUBLE):
                key = (cell.planned, TROUBLE.index(cell.state), cell.reason)
                alike.setdefault(key, []).append(cell)
        ordered = sorted(alike.items(), key=lambda item: (*item[0][:2], -len(item[1])))
        return tuple(
            Group(TROUBLE[state], planned, reason, tuple(cells))
            for (planned, state, reason), cells in ordered
        )

    @property
    def density(self) -> str:
        """How much room a cell may take: `few`, `some` or `many` schools."""
        total = sum(row.total for row in self.rows)
        return "few" if total <= 150 else "some" if total <= 480 else "many"


def overview(
    network: Answer,
    counties: Sequence[Answer],
    schools: Sequence[Answer],
    links: Sequence[Answer],
    alerts: Sequence[Answer],
    carriers: Mapping[str, str] | None = None,
) -> Overview:
    """The page of what the five questions answered; the arguments are never changed.

    `carriers`: id -> the name people know.
    """
    now = _moment(network["time"]) or datetime.fromtimestamp(0).astimezone()
    rows = _rows(counties, schools)
    return Overview(
        name=network["name"],
        now=now,
        age_s=network["data_age_s"],
        schools=dict(network["schools"]),
        links=dict(network["links"]),
        devices=dict(network["devices"]),
        incidents=network["incidents_open"],
        blind=bool(network.get("blind")),
        error=network["inventory"]["error"],
        rows=rows,
        alarms=_alarms(alerts, rows, now),
        egress=tuple(
            _egress(link, carriers or {}) for link in links if link["role"] == "idc_egress"
        ),
    )


def _rows(counties: Sequence[Answer], schools: Sequence[Answer]) -> tuple[Row, ...]:
    """One row a county in its order; the city's own schools first, if there are any."""
    names: dict[str | None, str] = {county["id"]: county["name"] for county in counties}
    towns: dict[str | None, dict[str | None, list[Answer]]] = {None: {}}
    towns.update({county: {} for county in names})
    for school in schools:
        county = school["county"] if school["county"] in names else None
        towns[county].setdefault(school.get("town"), []).append(school)
    rows, number = [], 0
    for county, mine in towns.items():
        grouped = []
        for town in mine.values():
            grouped.append(tuple(_cell(number + i, school) for i, school in enumerate(town)))
            number += len(town)
        if grouped or county is not None:
            rows.append(_row(county, names.get(county), grouped))
    return tuple(rows)


def _row(county: str | None, name: str | None, towns: list[tuple[Cell, ...]]) -> Row:
    tally = Counter(cell.state for town in towns for cell in town)
    return Row(
        id=county,
        name=name,
        towns=tuple(towns),
        total=sum(map(len, towns)),
        trouble=tuple((state, tally[state]) for state in TROUBLE if tally[state]),
    )


def _cell(number: int, school: Answer) -> Cell:
    return Cell(
        number=number,
        id=school["id"],
        name=school["name"],
        state=school["state"],
        planned=bool(school["flags"]),
        reason=school["reason"],
        county=school["county"],
        classes=school["classes"],
        incident=school["incident"],
    )


def _alarms(alerts: Iterable[Answer], rows: Sequence[Row], now: datetime) -> tuple[Alarm, ...]:
    """The firing ones: most schools first, then the gravest, then the oldest."""
    names = {row.id: row.name for row in rows}
    cells = [cell for row in rows for town in row.towns for cell in town]
    by_incident: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.incident:
            by_incident.setdefault(cell.incident, []).append(cell)
    by_id = {cell.id: cell for cell in cells}
    firing = []
    for alert in alerts:
        if alert["state"] != "firing":
            continue
        # What it cut off by its own word; else the schools that name it; else its subject.
        hit = [by_id[site] for site in alert.get("sites", ()) if site in by_id]
        hit = hit or by_incident.get(alert["incident"] or "", [])
        subject = by_id.get(alert["subject"]["id"])
        hit = hit or ([subject] if subject else [])
        firing.append(_alarm(alert, hit, names.get(alert["county"]), now))
    return tuple(sorted(firing, key=_urgency))


def _urgency(alarm: Alarm) -> tuple[int, int, float]:
    known = alarm.severity in SEVERITIES
    gravity = SEVERITIES.index(alarm.severity) if known else len(SEVERITIES)
    return -len(alarm.cells), gravity, -(alarm.lasting_s or 0)


def _alarm(alert: Answer, hit: Sequence[Cell], county: str | None, now: datetime) -> Alarm:
    since = _moment(alert["since"])
    taken = alert["acknowledged"]
    states = {cell.state for cell in hit}
    look = next((state for state in TROUBLE if state in states), None)
    return Alarm(
        id=alert["id"],
        summary=alert["summary"],
        severity=alert["severity"],
        look=look or _LOOK.get(alert["severity"], "unknown"),
        county=county,
        cells=tuple(cell.number for cell in hit),
        classes=sum(cell.classes or 0 for cell in hit),
        since=since,
        lasting_s=max(0.0, (now - since).total_seconds()) if since else None,
        acknowledged=taken is not None,
        by=taken["by"] if taken else None,
        silenced=bool(alert["silenced"]),
    )


def _egress(link: Answer, carriers: Mapping[str, str]) -> Egress:
    return Egress(
        id=link["id"],
        name=carriers.get(link["carrier"], link["carrier"]) or link["id"],
        state=link["state"],
        download_bps=link["download_bps"],
        upload_bps=link["upload_bps"],
        committed_bps=link["committed_bps"] or link["capacity_bps"],
        utilization=link["utilization"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
