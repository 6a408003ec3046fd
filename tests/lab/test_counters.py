"""Whatever happens to the city: do both ends of every link count the same, and never backwards?"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.clock import ManualClock
from edunet.inventory.model import Inventory
from lab.city import City
from lab.ports import Port

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "heal", "wait", "reboot", "power-off", "power-on", "hang"]),
        st.sampled_from(["core-c1", "core-c2", "core-c3", "c1-c2", "c3-t1-up", "c3-s05-up"]),
        st.sampled_from(["core", "c1-agg", "c2-agg", "c3-agg", "c3-t1-hub", "c3-s05-sw"]),
        st.integers(1, 100_000),
    ),
    max_size=12,
)


def perform(city: City, verb: str, link: str, device: str) -> None:
    if verb in {"cut", "heal"}:
        getattr(city, verb)(link)
    elif verb in {"reboot", "hang"}:
        getattr(city, verb)(device)
    elif verb.startswith("power"):
        city.power(city.devices[device].site, on=verb == "power-on")


def counted(city: City) -> dict[Port, tuple[int, int]]:
    wires = [p for ports in city.ports.values() for p in ports if p.link]
    return {p: city.octets(p, city.time()) for p in wires}


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_both_ends_of_a_link_agree_and_never_count_back(
    sample: Inventory, events: list[tuple[str, str, str, int]]
) -> None:
    clock = ManualClock()
    city = City(sample, clock)
    for verb, link, device, wait_ms in events:
        before, boots = counted(city), {d: city.boots(d) for d in city.devices}
        perform(city, verb, link, device)
        clock.advance(wait_ms / 1000)
        city.settle()
        grown: dict[str, dict[str, tuple[int, int]]] = {}
        for p, (octets_in, octets_out) in counted(city).items():
            if city.boots(p.device) == boots[p.device]:
                grown.setdefault(p.link, {})[p.end] = (
                    octets_in - before[p][0],
                    octets_out - before[p][1],
                )
        assert all(min(growth) >= 0 for ends in grown.values() for growth in ends.values())
        assert all(ends["a"] == ends["b"][::-1] for ends in grown.values() if len(ends) == 2)


@given(EVENTS)
@settings(max_examples=40, deadline=None)
def test_what_is_cut_or_cut_off_carries_nothing(
    sample: Inventory, events: list[tuple[str, str, str, int]]
) -> None:
    clock = ManualClock()
    city = City(sample, clock)
    for verb, link, device, wait_ms in events:
        perform(city, verb, link, device)
        still = {p for p in counted(city) if p.link not in city.live or p.device in city.dead}
        before = counted(city)
        clock.advance(wait_ms / 1000)
        after = counted(city)
        assert all((after[p] == before[p]) == (p in still) for p in after)
        city.settle()
