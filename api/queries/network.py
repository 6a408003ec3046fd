"""How the whole network is, and each county of it."""

from __future__ import annotations

from alerts.picture import Picture
from api.queries.common import Answer, tally, when
from api.scope import Scope
from edunet.states import State


def network(picture: Picture, scope: Scope, lang: str) -> Answer:
    """The object of `/network`; counts cover what the scope sees."""
    topology, verdict = picture.topology, picture.verdict
    newest = picture.newest()
    schools = [row for row in topology.schools if scope.sees(topology.county[row])]
    links = [row for row in range(len(topology.ends)) if scope.sees(topology.county_of_link(row))]
    devices = [
        node
        for node in range(topology.devices)
        if scope.sees(topology.county[int(topology.node_site[node])])
    ]
    firing = [a for a in picture.alerts if a.state == "firing" and scope.sees(a.county)]
    return {
        "name": topology.inventory.network.name,
        "time": when(picture, picture.now),
        "data_age_s": None if newest is None else max(0.0, (picture.now - newest) / 1e3),
        "blind": verdict.blind,
        "schools": tally(verdict.sites[schools]),
        "links": tally(verdict.links[links]),
        "devices": tally(verdict.nodes[devices]),
        "incidents_open": len(firing),
        "inventory": {"loaded": when(picture, picture.loaded), "error": picture.error},
    }


def counties(picture: Picture, scope: Scope, lang: str) -> list[Answer]:
    """The objects of `/counties`, in the inventory's order."""
    topology, verdict = picture.topology, picture.verdict
    answers = []
    for row, site in enumerate(topology.inventory.sites):
        if site.kind != "county" or not scope.sees(site.id):
            continue
        mine = [s for s in topology.schools if topology.county[s] == site.id]
        answers.append(
            {
                "id": site.id,
                "name": site.name,
                "state": State(verdict.sites[row]).word,
                "since": when(picture, int(verdict.site_since[row])),
                "schools": tally(verdict.sites[mine]),
            }
        )
    return answers
