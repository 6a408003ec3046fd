"""When nothing can be asked at all, when news comes late, and of whom one only hears."""

from __future__ import annotations

import numpy as np
import pytest
from physics import START, Watch, plant

from alerts.alert import Notice
from alerts.engine import Engine
from alerts.rule import load
from edunet.catalog import Catalog
from edunet.frame import Frame
from edunet.inventory.model import Inventory
from edunet.settings import Intervals
from edunet.states import Because, State
from edunet.topology import compile_topology

UP, DOWN, UNREACHABLE, UNKNOWN = State.UP, State.DOWN, State.UNREACHABLE, State.UNKNOWN
CITY = "core-a core-b a-s1 a-s2 a=v1 b-s3"
PERIOD_MS = {"icmp": 1_000, "snmp": 10_000}


@pytest.fixture(params=["icmp", "snmp"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def shut(watch: Watch) -> Watch:
    watch.skip.update(device.id for device in watch.topology.inventory.devices)
    return watch


def opened(watch: Watch) -> Watch:
    watch.skip.clear()
    return watch


def test_when_nothing_can_be_asked_everything_is_unknown_in_time(reach: str) -> None:
    watch = shut(Watch(plant(CITY, reach=reach)).run(60)).run(120)

    assert watch.engine.verdict.blind
    assert [] == watch.told
    for element, passed in watch.seen.items():
        (time,) = (t for t, state in passed if state is UNKNOWN and t > START + 60_000)
        assert time - START - 60_000 <= 3.5 * PERIOD_MS[reach] + 1000, element
        assert not {DOWN, UNREACHABLE} & {state for _, state in passed}, element
    opened(watch).run(30)
    assert not watch.engine.verdict.blind
    assert {UP} == {passed[-1][1] for passed in watch.seen.values()}
    assert [] == watch.told


def test_a_miss_before_and_a_miss_after_are_no_outage(reach: str) -> None:
    """The first echoes over a line just plugged in are often lost."""
    watch = Watch(plant(CITY, reach=reach)).run(60)
    watch.lose.update(("s1", "b"))
    shut(watch.run(PERIOD_MS[reach] / 1000)).run(120)
    watch.lose.update(("s1", "b"))
    opened(watch).run(60)

    assert [] == watch.told
    for element in ("device:s1", "device:b", "site:s1"):
        assert not {DOWN, UNREACHABLE} & set(watch.passed(element)), element


def test_a_cut_in_the_dark_is_told_once_it_is_seen(reach: str) -> None:
    watch = shut(Watch(plant(CITY, reach=reach)).run(60)).run(60)
    watch.breaks("link:core-a").run(60)
    opened(watch).run(60)

    assert ["open link:core-a"] == watch.told
    assert watch.notices[0].alert.since >= START + 180_000


def test_an_outage_told_before_is_neither_repeated_nor_resolved_by_it(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(60)
    watch.breaks("link:core-a").run(90)
    shut(watch).run(120)
    opened(watch).run(90)
    assert ["open link:core-a"] == watch.told

    watch.heals().run(60)
    assert ["open link:core-a", "resolve link:core-a"] == watch.told


def test_whoever_is_still_asked_is_still_judged() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.skip.update(("core", "b", "s3"))
    watch.run(30)

    assert not watch.engine.verdict.blind
    assert UNKNOWN is watch.state("device:core")
    assert UP is watch.state("device:a")


def test_where_nobody_says_where_we_stand_a_dark_city_is_unknown_all_the_same(reach: str) -> None:
    inventory = plant(CITY, reach=reach).model_copy(update={"vantage": ()})
    watch = Watch(inventory).run(60)
    watch.breaks("eyes:noc").run(60)

    assert [] == watch.told
    for element, passed in watch.seen.items():
        assert UNKNOWN is passed[-1][1], element
        assert not {DOWN, UNREACHABLE} & {state for _, state in passed}, element


def with_site(inventory: Inventory, site: str, **how: str) -> Inventory:
    sites = [s.model_copy(update=how) if s.id == site else s for s in inventory.sites]
    return inventory.model_copy(update={"sites": tuple(sites)})


@pytest.mark.parametrize("period_s", [0.5, 1.0])
def test_a_dead_satellite_is_down_though_its_silence_is_old_news(period_s: float) -> None:
    """What is waited for two seconds comes when the usual staleness has nearly passed."""
    inventory = with_site(plant("core-s1"), "s1", access="satellite")
    topology, catalog = compile_topology(inventory), Catalog()
    how = Intervals.model_validate({"reachability": f"{period_s}s"})
    engine = Engine(topology, catalog, how, load(), START)
    seen: list[State] = []
    told: list[Notice] = []
    ms = round(period_s * 1000)
    for now in range(START + ms, START + 60_000, 100):
        if (now - START) % ms == 0:
            engine.observe(_burst(catalog, "core", now, True))
        asked = now - 2_300
        if asked > START and (asked - START) % ms == 0:
            engine.observe(_burst(catalog, "s1", asked, asked < START + 20_000))
        told += engine.advance(now).notices
        if not seen or seen[-1] != engine.verdict.nodes[1]:
            seen.append(State(engine.verdict.nodes[1]))

    assert [UNKNOWN, UP, DOWN] == seen
    assert ["open"] == [notice.action for notice in told]


@pytest.mark.parametrize("how", [{"watch": "reported"}, {"access": "none"}], ids=str)
@pytest.mark.parametrize("site", ["v1", "s1"])
def test_of_a_passive_site_nothing_is_concluded(site: str, how: dict[str, str]) -> None:
    watch = Watch(with_site(plant(CITY), site, **how))
    watch.skip.add("s1")
    watch.run(30)

    row = watch.topology.site[site]
    assert UNKNOWN is watch.state(f"site:{site}")
    assert Because.NO_EVIDENCE == watch.engine.verdict.because[row]
    assert UP is watch.state("site:s2")


def _burst(catalog: Catalog, device: str, now: int, up: bool) -> Frame:
    columns = {"sent": np.full(1, 3, np.int16), "received": np.full(1, 3 * up, np.int16)}
    slots = np.array([catalog.slot("probe", device)], np.int32)
    return Frame("probe", slots, np.array([now], np.int64), columns)
