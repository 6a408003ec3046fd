"""Is what is reached two ways told apart from what is not?"""

from __future__ import annotations

import pytest
from physics import Watch, plant

from edunet.states import State

UP, DEGRADED, DOWN, UNREACHABLE = State.UP, State.DEGRADED, State.DOWN, State.UNREACHABLE
RING = "core-a core-b a-s1 s1-s2 s2-s3 b-s3"


@pytest.fixture(params=["icmp", "snmp"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_ring_cut_once_loses_no_site_only_its_protection(reach: str) -> None:
    watch = Watch(plant(RING, reach=reach)).run(30)
    watch.breaks("link:s1-s2").run(60)

    assert ["open link:s1-s2"] == watch.told
    alert = watch.notices[0].alert
    assert ("redundancy_lost", "info", (), 0) == (
        alert.rule, alert.severity, alert.sites, alert.schools,
    )  # fmt: skip
    assert {UP, DEGRADED} >= {watch.state(f"site:{site}") for site in ("s1", "s2", "s3")}
    assert DOWN is watch.state("link:s1-s2")
    assert not {DOWN, UNREACHABLE} & set(watch.passed("site:s2"))

    watch.heals().run(60)
    assert ["open link:s1-s2", "resolve link:s1-s2"] == watch.told
    assert {UP} == {watch.state(f"site:{site}") for site in ("s1", "s2", "s3")}


def test_a_ring_cut_twice_is_an_outage_of_exactly_the_isolated_part(reach: str) -> None:
    watch = Watch(plant(RING, reach=reach)).run(30)
    watch.breaks("link:a-s1").run(60)
    watch.breaks("link:s2-s3").run(60)

    assert ["open link:a-s1", "open link:s2-s3"] == watch.told
    first, second = (notice.alert for notice in watch.notices)
    assert ("info", ()) == (first.severity, first.sites)
    assert ("link_down", ("s1", "s2")) == (second.rule, second.sites)
    assert UP is watch.state("device:s3")
    assert {DOWN} == {watch.state(f"site:{site}") for site in ("s1", "s2")}

    watch.heals("link:s2-s3").run(60)
    assert "resolve link:s2-s3" == watch.told[-1]
    watch.heals().run(60)
    assert "resolve link:a-s1" == watch.told[-1]
    assert 4 == len(watch.told)


def test_both_ways_of_a_ring_cut_at_once_are_two_outages(reach: str) -> None:
    watch = Watch(plant(RING, reach=reach)).run(30)
    watch.breaks("link:a-s1", "link:s2-s3").run(60)

    assert {"open link:a-s1", "open link:s2-s3"} == set(watch.told)
    assert {("s1", "s2")} == {notice.alert.sites for notice in watch.notices}
    watch.heals().run(60)
    assert 4 == len(watch.told)


def test_a_dead_box_on_a_ring_is_one_alert_and_cuts_off_nobody_else(reach: str) -> None:
    watch = Watch(plant(RING, reach=reach)).run(30)
    watch.breaks("power:s2").run(60)

    assert ["open device:s2"] == watch.told
    assert ("s2",) == watch.notices[0].alert.sites
    watch.heals().run(60)
    assert ["open device:s2", "resolve device:s2"] == watch.told


def test_a_dual_homed_school_survives_one_hub_and_not_two(reach: str) -> None:
    watch = Watch(plant("core-a core-b a-s1 b-s1 a-s2", reach=reach)).run(30)
    watch.breaks("hang:a").run(60)
    assert ["open device:a"] == watch.told
    assert ("a", "s2") == watch.notices[0].alert.sites
    assert watch.state("site:s1").up

    watch.breaks("hang:b").run(60)
    assert ["open device:a", "open device:b"] == watch.told
    assert ("b", "s1") == watch.notices[1].alert.sites
    assert UNREACHABLE is watch.state("site:s1")

    watch.heals().run(60)
    assert {UP} == {watch.state(f"site:{site}") for site in ("a", "b", "s1", "s2")}
    assert 4 == len(watch.told)


def test_a_dual_homed_site_without_gear_is_up_while_one_port_has_light() -> None:
    watch = Watch(plant("core-a core-b a=v1 b=v1")).run(30)
    watch.breaks("link:a-v1").run(30)
    assert ["open link:a-v1"] == watch.told
    assert "info" == watch.notices[0].alert.severity
    assert watch.state("site:v1").up

    watch.breaks("link:b-v1").run(30)
    assert ["open link:a-v1", "open link:b-v1"] == watch.told
    assert ("v1",) == watch.notices[1].alert.sites
    assert DOWN is watch.state("site:v1")


def test_a_slowly_polled_school_does_not_make_its_county_s_cut_another_fault() -> None:
    """s1 is asked once in 10 s: until then it is believed to live, but proves nothing."""
    inventory = plant("core-a a-s1 a-s2", slow="s1")
    watch = Watch(inventory, phases={"s1": 9000}).run(30)
    watch.breaks("link:core-a").run(60)

    assert ["open link:core-a"] == watch.told
    assert ("a", "s1", "s2") == watch.notices[0].alert.sites
