"""Is this school connected, since when, why not, and does it get what it was promised."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from alerts.alert import incident_id
from alerts.picture import Picture
from api.i18n import translator
from api.queries.age import age_s, school_told
from api.queries.common import Answer, number, when
from api.queries.devices import probe
from api.queries.links import link_objects
from api.scope import Scope
from api.wording import states
from edunet.inventory.model import Site
from edunet.states import Because, State

NOTHING: Answer = {"rtt_ms": None, "loss": None, "jitter_ms": None}


def schools(
    picture: Picture, scope: Scope, lang: str, rows: Iterable[int] | None = None
) -> list[Answer]:
    """The objects of `/schools`, in the inventory's order; of all in sight, or of these rows."""
    sites = picture.topology.inventory.sites
    incidents = {
        site: incident_id(alert)
        for alert in picture.alerts
        if alert.state == "firing"
        for site in alert.sites
    }
    return [
        _school(picture, row, lang, incidents.get(sites[row].id))
        for row in (seen(picture, scope) if rows is None else rows)
    ]


def seen(picture: Picture, scope: Scope) -> list[int]:
    """The rows of the schools in sight."""
    topology = picture.topology
    return [row for row in topology.schools if scope.sees(topology.county[row])]


def school(picture: Picture, scope: Scope, lang: str, school_id: str) -> Answer | None:
    """The object of `/schools/{id}`; None = not in sight."""
    topology = picture.topology
    row = topology.site.get(school_id)
    if row is None or row not in topology.school_rows:
        return None
    found = schools(picture, scope, lang, [row] if scope.sees(topology.county[row]) else [])
    return found[0] if found else None


def _school(picture: Picture, row: int, lang: str, incident: str | None) -> Answer:
    """The object for one row of the sites."""
    topology, verdict = picture.topology, picture.verdict
    site = topology.inventory.sites[row]
    devices = [node for node in topology.nodes_of[row] if node < topology.devices]
    first = topology.inventory.devices[devices[0]].id if devices else None
    because = Because(verdict.because[row])
    bps = capacity(picture, row)
    return {
        "id": site.id,
        "name": site.name,
        "code": site.code,
        "kind": site.kind,
        "area": site.area,
        "county": topology.county[row],
        "town": topology.town[row],
        "state": State(verdict.sites[row]).word,
        "flags": [],
        "since": when(picture, int(verdict.site_since[row])),
        "reason": _sentence(picture, row, lang),
        "reason_code": because.word,
        "incident": incident,
        "uplinks": link_objects(picture, topology.uplinks_of[row]),
        **(probe(picture, first) if first else NOTHING),
        "classes": site.classes,
        "students": site.students,
        "per_class_bps": bps / site.classes if bps and site.classes else None,
        "compliance": _compliance(picture, site, bps),
        "coverage": None,
        "age_s": age_s(picture, school_told(picture, row)),
        "reported": _reported(picture, site),
    }


def _reported(picture: Picture, site: Site) -> Answer | None:
    """What somebody said of a school that nobody watches, and how long ago it was so."""
    report = picture.reports.get(site.id)
    if report is None or not site.passive:
        return None
    return {
        "state": report.state,
        "at": when(picture, report.time),
        "age_s": age_s(picture, report.time),
        "note": report.note,
    }


def _sentence(picture: Picture, row: int, lang: str) -> str | None:
    """Why the school is not up, in one sentence; None when it is."""
    state, because = State(picture.verdict.sites[row]), Because(picture.verdict.because[row])
    site, say = picture.topology.inventory.sites[row], translator(lang)
    if site.passive:
        report = picture.reports.get(site.id)
        if report is None:
            return say("It is not watched, and nobody has reported how it is.")
        return say("It is not watched; last reported {state}.", state=states(say)[report.state])
    if because is Because.OWN_LINK and state is State.DEGRADED:
        return say("One of its links is down; traffic takes the other.")
    sentences = {
        Because.OWN_LINK: say("Its own link is down: fibre, or power at the school."),
        Because.OWN_DEVICE: say("Its own device does not answer while the link has light."),
        Because.UPSTREAM: say("The break is further up; the school itself may be well."),
        Because.POWER: say("The power is off."),
        Because.AGENT: say("Connected; its device does not answer the monitor."),
        Because.NO_EVIDENCE: say("Nobody knows: there is no recent evidence."),
    }
    return sentences.get(because)


def capacity(picture: Picture, row: int) -> float | None:
    """Bit/s the school's links are good for: promised, and no more than the port's speed."""
    links, speeds = picture.topology.inventory.links, picture.traffic["speed"]
    rates: list[float] = []
    for row_of_link in picture.topology.uplinks_of[row]:
        link = links[row_of_link]
        promised = link.committed or link.capacity or np.nan
        rate = number(np.fmin(promised, speeds[row_of_link]))
        if rate is None:
            return None
        rates.append(rate)
    return sum(rates) or None


def _compliance(picture: Picture, site: Site, bps: float | None) -> list[Answer]:
    """Each demand of the school's standard beside what its links are good for."""
    standard = picture.topology.inventory.standards.get(site.standard or "")
    if standard is None:
        return []
    per_class = bps / site.classes if bps and site.classes else None
    demands = [("per_class", standard.per_class, per_class), ("uplink", standard.uplink, bps)]
    return [
        {
            "standard": site.standard,
            "rule": rule,
            "required": required,
            "actual": actual,
            "pass": None if actual is None else actual >= required,
        }
        for rule, required, actual in demands
        if required is not None
    ]
