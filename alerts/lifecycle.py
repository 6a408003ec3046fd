"""From causes to alerts: pending, firing, resolved, each told once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from alerts.alert import Alert, Key, Notice, Severity, Subject, alert_id
from alerts.causes import Cause
from alerts.evidence import CONFIRM, Evidence
from alerts.rule import Rule
from alerts.verdict import Verdict
from edunet.inventory.model import Site
from edunet.states import State
from edunet.topology import Topology


class Step(NamedTuple):
    """What one evaluation changed: alerts to record, notices to send."""

    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]


class Lifecycle:
    """The alerts that are pending or firing, by subject; one subject has at most one.

    An alert whose cause is no longer seen stays until its subject is proved well again: not
    seeing a fault (because something upstream broke) is no recovery.
    """

    def __init__(
        self, topology: Topology, rules: Iterable[Rule], firing: Iterable[Alert] = ()
    ) -> None:
        self._topology = topology
        self._rules = {(rule.subject, rule.kind): rule for rule in rules}
        self.open: dict[Key, Alert] = {alert.subject.key: alert for alert in firing}

    def step(self, causes: Iterable[Cause], seen: Evidence, verdict: Verdict, now: int) -> Step:
        """Move every alert on to `now`. While blind nothing opens and nothing is resolved."""
        if verdict.blind:
            return Step((), ())
        gone = self.remove([key for key in sorted(self.open) if not self._exists(key)], now)
        alerts, notices = list(gone.alerts), list(gone.notices)
        standing: set[Key] = set()
        for cause in causes:
            if (cause.type, cause.kind) not in self._rules:
                continue
            key = self._taken_by(cause, verdict)
            standing.add(key)
            if key not in self.open or self.open[key].state == "pending":
                alert = self.open[key] = self._raise(cause, now)
                if alert.state == "firing":
                    alerts.append(alert)
                    notices.append(_notice(alert, "open", now))
        for key in sorted(self.open.keys() - standing):
            alert = self.open[key]
            if alert.state == "pending":
                del self.open[key]
            elif well := self._well_since(alert, seen, verdict, now):
                alerts.append(self._close(key, max(well, alert.since), "recovered"))
                notices.append(_notice(alerts[-1], "resolve", now))
        return Step(tuple(alerts), tuple(notices))

    def remove(self, gone: Iterable[Key], now: int) -> Step:
        """Resolve the alerts of subjects that are no longer in the inventory."""
        closed = [self._close(key, now, "removed") for key in gone if key in self.open]
        told = tuple(alert for alert in closed if alert.fired is not None)
        return Step(told, tuple(_notice(alert, "resolve", now) for alert in told))

    def _close(self, key: Key, resolved: int, reason: Literal["recovered", "removed"]) -> Alert:
        alert = self.open.pop(key)
        rule = next((rule for rule in self._rules.values() if rule.name == alert.rule), None)
        words = dict(alert.summary)
        if rule and reason == "recovered":
            fields = {"name": alert.subject.name, "schools": alert.schools}
            words = {lang: text.format(**fields) for lang, text in rule.over.items()}
        return alert._replace(
            state="resolved", resolved=resolved, seq=alert.seq + 1, reason=reason, summary=words
        )

    def _exists(self, key: Key) -> bool:
        kind, name = key
        return (
            name in self._topology.link
            if kind == "link"
            else f"device:{name}" in self._topology.node
        )

    def _taken_by(self, cause: Cause, verdict: Verdict) -> Key:
        """The subject the cause is told under: its own, or that of an outage already told.

        A dark box and the dark line from the living to it look alike. What was told first stands,
        so that one break is one alert whichever evidence comes second.
        """
        topology, own = self._topology, self._subject(cause).key
        if cause.kind != "outage" or own in self.open:
            return own
        twins: list[Key] = []
        if cause.type == "link":
            for node in topology.ends[cause.row].tolist():
                if 0 <= node < topology.devices and not verdict.good[node]:
                    twins.append(("device", topology.inventory.devices[node].id))
        else:
            for row, other in topology.links_of[cause.row]:
                if verdict.good[other]:
                    twins.append(("link", topology.inventory.links[row].id))
        outages = {rule.name for rule in self._rules.values() if rule.kind == "outage"}
        for key in twins:
            told = self.open.get(key)
            if told and told.state == "firing" and told.rule in outages:
                return key
        return own

    def _raise(self, cause: Cause, now: int) -> Alert:
        topology, subject = self._topology, self._subject(cause)
        sites = [topology.inventory.sites[row] for row in cause.sites]
        schools = [
            topology.inventory.sites[row] for row in cause.sites if row in topology.school_rows
        ]
        rule = self._rules[cause.type, cause.kind]
        fields = {"name": subject.name, "schools": len(schools)}
        known = self.open.get(subject.key)
        since = min(known.since, cause.opened) if known else cause.opened
        return Alert(
            id=alert_id(rule.name, subject, since),
            rule=rule.name,
            subject=subject,
            county=self._county(cause),
            severity=_severity(cause, sites, schools),
            state="firing" if cause.confirmed else "pending",
            since=since,
            fired=now if cause.confirmed else None,
            resolved=None,
            cause=cause.verdict,
            summary={lang: text.format(**fields) for lang, text in rule.summary.items()},
            sites=tuple(sorted(site.id for site in sites)),
            schools=len(schools),
            classes=sum(site.classes or 0 for site in schools),
            students=sum(site.students or 0 for site in schools),
            seq=1 if cause.confirmed else 0,
        )

    def _subject(self, cause: Cause) -> Subject:
        inventory, topology = self._topology.inventory, self._topology
        if cause.type == "device":
            device = inventory.devices[cause.row]
            site = inventory.sites[topology.site[device.site]]
            return Subject("device", device.id, f"{site.name} {device.id}")
        link = inventory.links[cause.row]
        return Subject("link", link.id, " — ".join(end_names(topology, cause.row)))

    def _county(self, cause: Cause) -> str | None:
        topology = self._topology
        if cause.type == "link":
            return topology.county_of_link(cause.row)
        return topology.county[int(topology.node_site[cause.row])]

    def _well_since(self, alert: Alert, seen: Evidence, verdict: Verdict, now: int) -> int | None:
        """When the subject began to work again (milliseconds UTC), or None while not proved."""
        topology = self._topology
        if alert.subject.type == "device":
            return _node_well(topology.node[f"device:{alert.subject.id}"], seen, verdict)
        row = topology.link[alert.subject.id]
        if verdict.links[row] == State.DOWN or verdict.port_wait[row].any():
            return None
        ends = [node for node in topology.ends[row].tolist() if 0 <= node < topology.devices]
        times = [_node_well(node, seen, verdict) for node in ends]
        times += [_port_well(2 * row + side, seen) for side in (0, 1) if verdict.port_up[row, side]]
        if None in times:
            return None
        well = max((time for time in times if time), default=None)
        if verdict.links[row] == State.UP or well is None:
            return well
        # Where no port can be read, the answers of a far end that was lost must do.
        unread = not seen.ports.fresh(now, seen.patience)[2 * row : 2 * row + 2].any()
        proof = len(ends) == 2 and alert.severity != "info" and now - well > seen.patience
        return well if unread and proof else None


def end_names(topology: Topology, row: int) -> tuple[str, str]:
    """What the two ends of a link are called: the names of their sites, or of the carrier."""
    inventory = topology.inventory
    carriers = {carrier.id: carrier.name for carrier in inventory.carriers}
    a, b = inventory.links[row].a, topology.ends[row].tolist()
    names = [
        inventory.sites[topology.node_site[node]].name
        if node >= 0
        else carriers.get(a.carrier or "", "")
        for node in b
    ]
    return names[0], names[1]


def _node_well(node: int, seen: Evidence, verdict: Verdict) -> int | None:
    """Since when the device answers, or None while it has not answered often enough."""
    if not verdict.good[node] or seen.reach.n_up[node] < CONFIRM:
        return None
    return int(seen.reach.up_since[node])


def _port_well(port: int, seen: Evidence) -> int | None:
    return int(seen.ports.up_since[port]) if seen.ports.n_up[port] >= CONFIRM else None


def _severity(cause: Cause, sites: list[Site], schools: list[Site]) -> Severity:
    if cause.kind == "redundancy_lost":
        return "info"
    if any(site.kind in ("county", "city", "province") for site in sites):
        return "critical"
    return "major" if len(schools) >= 5 else "minor"


def _notice(alert: Alert, action: Literal["open", "resolve"], now: int) -> Notice:
    return Notice(f"{alert.id}/{action}/{alert.seq}", now, action, alert)
