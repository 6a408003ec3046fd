"""Who falls silent when something breaks, and what do the ports then count?"""

from __future__ import annotations

from typing import Any

import pytest

from edunet.clock import ManualClock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab.city import City
from lab.ports import Port


def port(city: City, device: str, name: str) -> Port:
    return next(port for port in city.ports[device] if port.name == name)


def small(**more: Any) -> Inventory:
    """Two switches and the cable between them."""
    return Inventory.model_validate(
        {
            "network": {"name": "x"},
            "sites": [{"id": "city", "kind": "city", "name": "x"}],
            "devices": [
                {"id": "a", "site": "city", "address": "127.9.0.1"},
                {"id": "b", "site": "city", "address": "127.9.0.2"},
            ],
            "links": [
                {
                    "id": "ab",
                    "role": "backbone",
                    "a": {"device": "a", "interface": "GE0/0/1"},
                    "b": {"device": "b", "interface": "GE0/0/1"},
                }
            ],
            **more,
        }
    )


def test_in_peace_everybody_answers(city: City) -> None:
    assert city.dead == frozenset()
    assert all(city.answers(device) for device in city.devices)


@pytest.mark.parametrize("link", ["core-c1", "core-c2", "c1-c2"])
def test_one_cut_in_the_ring_silences_nobody(city: City, link: str) -> None:
    city.cut(link)

    assert city.dead == frozenset()


def test_two_cuts_in_the_ring_silence_what_lies_between(city: City) -> None:
    city.cut("core-c1")
    city.cut("c1-c2")

    assert city.dead == {device for device in city.devices if device.startswith("c1-")}


def test_cutting_the_one_way_to_a_county_silences_exactly_its_devices(city: City) -> None:
    city.cut("core-c3")

    assert city.dead == {device for device in city.devices if device.startswith("c3-")}


def test_cutting_the_egress_or_a_school_without_a_switch_silences_nobody(city: City) -> None:
    city.cut("egress")
    city.cut("c3-s16-up")

    assert city.dead == frozenset()
    assert not city.is_up(port(city, "core", "XGE0/0/1"))
    assert not city.is_up(port(city, "c3-s13-sw", "GE0/0/1"))


def test_a_cut_takes_down_the_port_at_each_end_and_no_other(city: City) -> None:
    city.cut("core-c3")

    down = {
        (p.device, p.name)
        for ports in city.ports.values()
        for p in ports
        if p.link and not city.is_up(p)
    }
    assert down == {("core", "XGE0/0/4"), ("c3-agg", "XGE0/0/1")}


def test_idle_ports_are_down_and_count_nothing(city: City) -> None:
    idle = [p for ports in city.ports.values() for p in ports if not p.link]

    assert idle
    assert not any(city.is_up(p) for p in idle)
    assert {city.octets(p, 1000) for p in idle} == {(0, 0)}


def test_healing_one_link_leaves_the_other_cut(city: City) -> None:
    city.cut("core-c3")
    city.cut("c3-t1-up")

    city.heal("core-c3")

    assert city.cuts == {"c3-t1-up"}
    assert "c3-t1-hub" in city.dead
    assert "c3-agg" not in city.dead


def test_healing_without_a_name_heals_everything(city: City) -> None:
    city.cut("core-c3")
    city.hang("c1-agg")
    city.power("c2-s01", on=False)
    city.flap("c2-t1-up")
    city.reboot("core")

    city.heal()

    assert city.dead == frozenset()
    assert all(city.answers(device) for device in city.devices)
    assert city.is_up(port(city, "c2-agg", "GE0/0/1"))


def test_a_hung_device_forwards_and_is_alive_but_its_agent_is_silent(city: City) -> None:
    city.hang("c1-agg")

    assert not city.answers("c1-agg")
    assert city.dead == frozenset()
    assert city.answers("c1-s01-sw")

    city.heal("c1-agg")
    assert city.answers("c1-agg")


def test_a_reboot_takes_ten_seconds_and_what_lies_behind_with_it(
    city: City, clock: ManualClock
) -> None:
    city.reboot("c3-t1-hub")

    assert {"c3-t1-hub", "c3-s05-sw", "c3-s06-sw"} == city.dead
    clock.advance(9.9)
    assert not city.settle()
    clock.advance(0.2)
    assert city.settle()
    assert city.dead == frozenset()


def test_after_a_reboot_uptime_and_counters_begin_at_zero(city: City, clock: ManualClock) -> None:
    hub, agg = port(city, "c3-t1-hub", "XGE0/0/1"), port(city, "c3-agg", "XGE0/0/3")
    boots = city.boots("c3-t1-hub")
    before = city.octets(agg, city.time())
    assert city.uptime_ms("c3-t1-hub", city.time()) > 86_400_000
    assert city.octets(hub, city.time())[0] > 10**9

    city.reboot("c3-t1-hub")
    clock.advance(10)
    city.settle()

    assert city.uptime_ms("c3-t1-hub", city.time()) == 0
    assert city.boots("c3-t1-hub") == boots + 1
    assert city.octets(hub, city.time()) == (0, 0)
    assert city.octets(agg, city.time()) == before


def test_a_site_without_power_is_dark_and_its_switch_starts_anew(
    city: City, clock: ManualClock
) -> None:
    city.power("c3-s05", on=False)
    assert city.dead == {"c3-s05-sw"}
    assert not city.is_up(port(city, "c3-t1-hub", "GE0/0/1"))

    clock.advance(60)
    city.power("c3-s05", on=True)
    clock.advance(5)

    assert city.dead == frozenset()
    assert city.uptime_ms("c3-s05-sw", city.time()) == 5000


def test_a_school_without_a_switch_takes_its_near_port_down_when_dark(city: City) -> None:
    city.power("c3-s16", on=False)

    assert not city.is_up(port(city, "c3-s13-sw", "GE0/0/1"))


def test_a_flapping_link_goes_and_comes_until_healed(city: City, clock: ManualClock) -> None:
    city.flap("core-c3", period_s=3)

    seen = []
    for _ in range(4):
        seen.append("c3-agg" in city.dead)
        clock.advance(3)
        city.settle()
    city.heal("core-c3")
    clock.advance(30)
    city.settle()

    assert seen == [True, False, True, False]
    assert city.dead == frozenset()


def test_a_change_of_state_is_dated_in_the_devices_own_uptime(
    city: City, clock: ManualClock
) -> None:
    agg = port(city, "c3-agg", "XGE0/0/1")
    assert city.changed_ms(agg) == 0

    clock.advance(7)
    city.cut("core-c3")

    assert city.changed_ms(agg) == city.uptime_ms("c3-agg", city.time())


def test_reindexing_moves_every_index_and_keeps_names_and_counters(city: City) -> None:
    before = {p.name: (p.if_index, city.octets(p, 500)) for p in city.ports["c3-agg"]}

    city.reindex("c3-agg")

    after = {p.name: (p.if_index, city.octets(p, 500)) for p in city.ports["c3-agg"]}
    assert before.keys() == after.keys()
    assert sorted(index for index, _ in after.values()) == list(range(1, len(after) + 1))
    for name, (index, octets) in after.items():
        assert index != before[name][0]
        assert octets == before[name][1]


@pytest.mark.parametrize(
    ("act", "name", "said"),
    [
        ("cut", "core-c33", "no link 'core-c33' in the city; the nearest is core-c3"),
        ("hang", "c3-ag", "no device 'c3-ag' in the city; the nearest is c3-agg"),
        ("heal", "cor", "no link or device 'cor' in the city; the nearest is core"),
        ("reboot", "\n" * 9999, "the inventory lists them"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    city: City, act: str, name: str, said: str
) -> None:
    with pytest.raises(LabError, match=said) as refused:
        getattr(city, act)(name)

    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


def test_without_a_vantage_the_monitor_stands_at_the_first_device() -> None:
    city = City(small(), ManualClock())

    city.cut("ab")

    assert city.dead == {"b"}


def test_the_monitor_stands_at_the_vantage() -> None:
    city = City(small(vantage={"id": "noc", "device": "b"}), ManualClock())

    city.cut("ab")

    assert city.dead == {"a"}


def test_a_device_no_cable_leads_to_is_reached_some_other_way() -> None:
    city = City(small(links=[]), ManualClock())

    assert city.dead == frozenset()


def test_a_strange_interface_name_makes_no_giant_switch() -> None:
    inventory = small(
        links=[
            {
                "id": "egress",
                "role": "idc_egress",
                "a": {"carrier": "isp"},
                "b": {"device": "a", "interface": "GE0/0/999999999"},
            }
        ]
    )

    assert len(City(inventory, ManualClock()).ports["a"]) <= 29
