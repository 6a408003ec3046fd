"""Which numbers do things have after the network was changed?"""

from __future__ import annotations

from edunet.catalog import Catalog
from edunet.clock import ManualClock
from edunet.slots import place, retire
from edunet.topology import Topology, compile_topology

PLACES = [
    {"id": "c", "kind": "city", "name": "C"},
    {"id": "s1", "kind": "school", "name": "S1", "parent": "c"},
    {"id": "s2", "kind": "school", "name": "S2", "parent": "c"},
]


def plant(school: str = "s1", port: str = "1", *, switch: bool = True) -> Topology:
    """A core, and a switch at a school on one of the core's ports."""
    from edunet.inventory import Inventory

    devices = [{"id": "core", "site": "c"}, *([{"id": "sw", "site": school}] if switch else [])]
    a = {"device": "core", "interface": port}
    b = {"device": "sw", "interface": "up"}
    link = {"id": "l", "role": "school_access", "a": a, "b": b}
    return compile_topology(
        Inventory.model_validate(
            {
                "network": {"name": "n"},
                "sites": PLACES,
                "devices": devices,
                "links": [link] if switch else [],
            }
        )
    )


def now(catalog: Catalog) -> tuple[int, ...]:
    return tuple(catalog.slot(kind, name) for kind, name in (("link", "l"), ("probe", "sw")))


def test_nothing_changed_keeps_every_number() -> None:
    catalog = Catalog(clock=ManualClock())
    place(catalog, plant())
    first = now(catalog)
    place(catalog, plant())
    assert first == now(catalog)


def test_a_link_on_another_port_begins_a_new_series() -> None:
    catalog = Catalog(clock=ManualClock())
    place(catalog, plant(port="1"))
    link, probe = now(catalog)
    place(catalog, plant(port="2"))
    assert (link + 1, probe) == now(catalog)


def test_a_switch_moved_to_another_school_begins_a_new_series() -> None:
    """Nobody's history is told as another school's."""
    catalog = Catalog(clock=ManualClock())
    place(catalog, plant("s1"))
    link, probe = now(catalog)
    place(catalog, plant("s2"))
    assert (link, probe + 1) == now(catalog)
    assert ["s1", "s2"] == [span.identity for span in catalog.spans("probe", "sw")]


def test_what_is_gone_ends_and_comes_back_as_another() -> None:
    catalog = Catalog(clock=ManualClock())
    with_it, without = plant(), plant(switch=False)
    place(catalog, with_it)
    interface = catalog.slot("interface", "sw", "up")
    link, probe = now(catalog)
    retire(catalog, without, with_it)
    place(catalog, without)
    place(catalog, with_it)
    assert link < now(catalog)[0]
    assert probe < now(catalog)[1]
    assert interface < catalog.slot("interface", "sw", "up")
