"""Does the graph say what the inventory says?"""

from __future__ import annotations

import numpy as np
from physics import plant

from edunet.topology import Topology, compile_topology

CITY = "core-a core-h a-s1 a-s2 s1-s2 h=v1 @-core"


def topology(links: str = CITY) -> Topology:
    return compile_topology(plant(links))


def test_nodes_are_the_devices_and_the_sites_seen_only_by_a_port() -> None:
    found = topology()

    devices = [f"device:{name}" for name in ("core", "a", "h", "s1", "s2")]
    assert [*devices, "site:v1"] == list(found.nodes)
    assert 5 == found.devices
    assert (0,) == found.vantage
    sites = found.inventory.sites
    assert ["core", "a", "h", "s1", "s2", "v1"] == [sites[row].id for row in found.node_site]


def test_a_site_with_two_ports_towards_it_is_one_node() -> None:
    found = topology("core-a core-b a=v1 b=v1")

    assert 1 == sum(name == "site:v1" for name in found.nodes)
    assert 2 == len(found.links_of[found.node["site:v1"]])


def test_ends_are_nodes_and_a_carrier_is_outside() -> None:
    found = topology()

    ends = dict(zip((link.id for link in found.inventory.links), found.ends.tolist(), strict=True))
    node = found.node
    assert [node["device:core"], node["device:a"]] == ends["core-a"]
    assert [node["device:h"], node["site:v1"]] == ends["h-v1"]
    assert [-1, node["device:core"]] == ends["egress-core"]


def test_ports_know_their_link_and_their_end() -> None:
    found = topology()

    assert (found.link["core-a"], 0) == found.ports["core", "core-a"]
    assert (found.link["core-a"], 1) == found.ports["a", "core-a"]
    assert (found.link["egress-core"], 1) == found.ports["core", "egress-core"]
    assert (found.link["h-v1"], 0) == found.ports["h", "h-v1"]
    assert 2 * 7 - 2 == len(found.ports)  # one end is a carrier's, one a bare site's


def test_links_of_a_node_lead_both_ways_and_never_outside() -> None:
    found = topology()
    node, link = found.node, found.link

    assert {(link["core-a"], node["device:a"]), (link["core-h"], node["device:h"])} == set(
        found.links_of[node["device:core"]]
    )
    assert ((link["h-v1"], node["device:h"]),) == found.links_of[node["site:v1"]]


def test_uplinks_are_the_links_whose_downstream_end_stands_in_the_site() -> None:
    found = topology()
    names = {
        site.id: [found.inventory.links[row].id for row in found.uplinks_of[row]]
        for row, site in enumerate(found.inventory.sites)
    }
    assert {
        "core": ["egress-core"],
        "a": ["core-a"],
        "h": ["core-h"],
        "s1": ["a-s1"],
        "s2": ["a-s2", "s1-s2"],
        "v1": ["h-v1"],
    } == names


def test_county_and_town_are_the_nearest_above_or_the_site_itself() -> None:
    found = topology("core-a a-h h-s1 core-s2")
    row = found.site

    assert ("a", "a", "a", None, None) == tuple(
        found.county[row[site]] for site in ("s1", "h", "a", "s2", "core")
    )
    assert ("h", "h", None) == tuple(found.town[row[site]] for site in ("s1", "h", "a"))
    assert ["s1", "s2"] == [found.inventory.sites[n].id for n in found.schools]


def test_the_county_of_a_link_is_its_downstream_end_s() -> None:
    found = topology("core-a a-s1 core-s2")

    counties = {link: found.county_of_link(row) for link, row in found.link.items()}
    assert {"core-a": "a", "a-s1": "a", "core-s2": None} == counties


def test_components_go_over_living_nodes_and_whole_links_only() -> None:
    found = topology()
    alive, whole = np.ones(6, bool), np.ones(7, bool)
    assert 1 == len(set(found.components(alive, whole).tolist()))

    whole[found.link["core-a"]] = False
    comp = found.components(alive, whole)
    node = found.node
    assert comp[node["device:core"]] == comp[node["device:h"]] == comp[node["site:v1"]]
    assert comp[node["device:a"]] == comp[node["device:s1"]] == comp[node["device:s2"]]
    assert comp[node["device:core"]] != comp[node["device:a"]]

    whole[:] = True
    alive[node["device:h"]] = False
    comp = found.components(alive, whole)
    assert comp[node["device:core"]] != comp[node["site:v1"]]
    assert 3 == len(set(comp.tolist()))


def test_a_network_of_nothing_but_a_site_is_a_graph_too() -> None:
    inventory = plant("core-s1").model_copy(update={"devices": (), "links": (), "vantage": ()})
    found = compile_topology(inventory)

    assert (0, (), ()) == (found.devices, found.nodes, found.vantage)
    assert (0, 2) == found.ends.shape
    assert 0 == len(found.components(np.zeros(0, bool), np.zeros(0, bool)))


def test_without_a_vantage_we_stand_at_the_first_device() -> None:
    inventory = plant("core-a a-s1").model_copy(update={"vantage": ()})
    assert (0,) == compile_topology(inventory).vantage
