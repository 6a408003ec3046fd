"""How every link is and what flows over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerts.picture import Picture
from api.queries.age import age_s
from api.queries.common import Answer, number, when
from api.scope import Scope
from edunet.inventory.model import End
from edunet.states import State


def links(picture: Picture, scope: Scope, lang: str) -> list[Answer]:
    """The objects of `/links`, in the inventory's order."""
    topology = picture.topology
    seen = (r for r in range(len(topology.ends)) if scope.sees(topology.county_of_link(r)))
    return link_objects(picture, seen)


def link(picture: Picture, scope: Scope, lang: str, link_id: str) -> Answer | None:
    """The object of `/links/{id}`; None = not in sight."""
    row = picture.topology.link.get(link_id)
    if row is None or not scope.sees(picture.topology.county_of_link(row)):
        return None
    return link_objects(picture, [row])[0]


def link_objects(picture: Picture, rows: Iterable[int]) -> list[Answer]:
    """The link objects of these rows of the topology. Rates in bit/s, null where unknown."""
    topology, verdict, traffic = picture.topology, picture.verdict, picture.traffic
    answers: list[Answer] = []
    for row in rows:
        link = topology.inventory.links[row]
        answers.append(
            {
                "id": link.id,
                "role": link.role,
                "county": topology.county_of_link(row),
                "state": State(verdict.links[row]).word,
                "flags": [],
                "since": when(picture, int(verdict.link_since[row])),
                "a": _end(link.a),
                "b": _end(link.b),
                "download_bps": number(traffic["download_bps"][row]),
                "upload_bps": number(traffic["upload_bps"][row]),
                "utilization": number(traffic["utilization"][row]),
                "measured_at": {0: "a", 1: "b"}.get(int(traffic["measured"][row])),
                "measured": when(picture, int(traffic["read_at"][row]) or None),
                "age_s": age_s(picture, int(traffic["read_at"][row]) or None),
                "capacity_bps": link.capacity,
                "committed_bps": link.committed,
                "medium": link.medium,
                "carrier": link.carrier or link.a.carrier,
                "circuit": link.circuit,
            }
        )
    return answers


def _end(end: End) -> dict[str, Any]:
    return end.model_dump(exclude_none=True)
