"""Is one break one alert, on the thing that broke, and are the states behind it true?"""

from __future__ import annotations

import pytest
from physics import START, Watch, plant

from edunet.states import Because, State

CITY = "core-a core-b a-s1 a-s2 a=v1 b-s3"
UP, DEGRADED, DOWN, UNREACHABLE = State.UP, State.DEGRADED, State.DOWN, State.UNREACHABLE


@pytest.fixture(params=["icmp", "snmp"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _all_up(watch: Watch) -> bool:
    return {UP} == {passed[-1][1] for passed in watch.seen.values()}


def test_everything_that_answers_is_up_and_nothing_is_told(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(60)

    assert _all_up(watch)
    assert [] == watch.told


def test_a_county_link_cut_is_one_alert_with_exactly_its_sites(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:core-a").run(40)

    assert ["open link:core-a"] == watch.told
    alert = watch.notices[0].alert
    assert ("a", "s1", "s2", "v1") == alert.sites
    assert (3, 30) == (alert.schools, alert.classes)
    assert "critical" == alert.severity
    assert "a" == alert.county
    assert "CORE — A is down, 3 schools cut off." in alert.summary["en"]
    assert (DOWN, DOWN) == (watch.state("device:a"), watch.state("link:core-a"))
    assert {UNREACHABLE} == {watch.state(f"site:{school}") for school in ("s1", "s2", "v1")}
    assert {UP} == {watch.state(f"site:{site}") for site in ("core", "b", "s3")}


def test_a_healed_link_is_resolved_once_and_everything_is_up_again(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:core-a").run(60)
    watch.heals().run(60)

    assert ["open link:core-a", "resolve link:core-a"] == watch.told
    assert _all_up(watch)
    opened, resolved = (notice.alert for notice in watch.notices)
    assert opened.id == resolved.id
    assert resolved.state == "resolved"
    # healed at 90 s: dated by the first success, told only once there was a second
    assert resolved.resolved is not None
    assert 90_000 <= resolved.resolved - START <= 90_000 + 10_000
    assert watch.notices[1].time > resolved.resolved


def test_an_outage_is_dated_by_its_first_evidence() -> None:
    """Cut at 30 s, county polled at 30.04: the first failure, whatever is learned later."""
    watch = Watch(plant(CITY), phases={"a": 40, "s1": 340, "s2": 600, "core": 800}).run(30)
    watch.breaks("link:core-a").run(20)

    assert START + 30_040 == watch.notices[0].alert.since
    assert 30_040 == watch.since("device:a")
    assert 30_040 == watch.since("site:a")
    assert 30_340 == watch.since("site:s1")
    assert 30_600 == watch.since("site:s2")


def test_the_port_may_be_the_first_evidence() -> None:
    """The port is read at 30.10, the device fails first at 30.90."""
    phases = {"a": 900, "core": 100, "s1": 850, "s2": 870}
    watch = Watch(plant(CITY), phases=phases).run(30)
    watch.breaks("link:core-a").run(20)

    assert ["open link:core-a"] == watch.told
    assert "critical" == watch.notices[0].alert.severity
    assert START + 30_100 == watch.notices[0].alert.since


def test_a_cut_is_told_within_three_seconds() -> None:
    for late in range(0, 1000, 125):
        watch = Watch(plant(CITY), phases={"a": late, "core": 500, "s1": 250}).run(30)
        watch.breaks("link:core-a").run(5)

        assert ["open link:core-a"] == watch.told
        assert watch.notices[0].time - START - 30_000 <= 3000


@pytest.mark.parametrize("how", ["power", "hang"])
def test_a_hub_s_death_is_one_alert_and_its_schools_are_unreachable(how: str, reach: str) -> None:
    watch = Watch(plant("core-h h-s1 h-s2 h=v1 core-s3", reach=reach)).run(30)
    watch.breaks(f"{how}:h").run(60)

    # without power at h its port loses light: the same view as a cut link
    subject = {"power": "link:core-h", "hang": "device:h"}[how]
    assert [f"open {subject}"] == watch.told
    assert ("h", "s1", "s2", "v1") == watch.notices[0].alert.sites
    assert DOWN is watch.state("site:h")
    assert {UNREACHABLE} == {watch.state(f"site:{school}") for school in ("s1", "s2", "v1")}

    watch.heals().run(60)
    assert [f"open {subject}", f"resolve {subject}"] == watch.told
    assert _all_up(watch)


def test_a_leaf_link_is_told_as_the_link(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:a-s1").run(40)

    assert ["open link:a-s1"] == watch.told
    assert ("s1",) == watch.notices[0].alert.sites
    assert "minor" == watch.notices[0].alert.severity
    assert DOWN is watch.state("site:s1")
    row = watch.topology.site["s1"]
    assert Because.OWN_LINK == watch.engine.verdict.because[row]


@pytest.mark.parametrize("ask", [True, False])
def test_a_dead_leaf_box_with_light_on_the_port_is_told_as_the_device(
    reach: str, ask: bool
) -> None:
    """Without asking, the port happens to be read between the first two failures."""
    phases = {"s1": 100, "a": 400} if not ask else None
    watch = Watch(plant(CITY, reach=reach), ask=ask, phases=phases).run(30)
    watch.breaks("hang:s1").run(60)

    assert ["open device:s1"] == watch.told
    alert = watch.notices[0].alert
    assert (("s1",), "device") == (alert.sites, alert.cause)
    assert UP is watch.state("link:a-s1")
    row = watch.topology.site["s1"]
    assert Because.OWN_DEVICE == watch.engine.verdict.because[row]

    watch.heals().run(60)
    assert ["open device:s1", "resolve device:s1"] == watch.told


def test_a_site_without_gear_is_what_the_port_towards_it_says() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.breaks("link:a-v1").run(20)

    assert ["open link:a-v1"] == watch.told
    assert ("v1",) == watch.notices[0].alert.sites
    assert [DOWN] == watch.passed("site:v1", 30_000)
    watch.heals().run(20)
    assert ["open link:a-v1", "resolve link:a-v1"] == watch.told
    assert UP is watch.state("site:v1")


def test_a_dark_reporter_makes_its_sites_unreachable_and_never_unknown(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:core-a").run(120)
    assert [UNREACHABLE] == watch.passed("site:v1", 30_000)

    watch.heals().run(60)
    assert [UNREACHABLE, UP] == watch.passed("site:v1", 30_000)


def test_a_carrier_s_line_is_told_by_its_only_port() -> None:
    watch = Watch(plant("core-a @-core")).run(30)
    watch.breaks("link:egress-core").run(20)

    assert ["open link:egress-core"] == watch.told
    assert DOWN is watch.state("link:egress-core")
    assert UP is watch.state("device:core")
    watch.heals().run(20)
    assert ["open link:egress-core", "resolve link:egress-core"] == watch.told


def test_two_independent_cuts_at_once_are_two_alerts(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:core-a", "link:b-s3").run(60)

    assert {"open link:core-a", "open link:b-s3"} == set(watch.told)
    assert 2 == len(watch.told)
    sites = {notice.alert.subject.id: notice.alert.sites for notice in watch.notices}
    assert {"core-a": ("a", "s1", "s2", "v1"), "b-s3": ("s3",)} == sites


@pytest.mark.parametrize("second", ["link:a-s1", "hang:s1"], ids=["power goes", "power returns"])
def test_a_dark_box_and_its_dark_port_are_one_alert_in_either_order(second: str) -> None:
    first = "hang:s1" if second.startswith("link") else "link:a-s1"
    watch = Watch(plant(CITY)).run(30)
    watch.breaks(first).run(30)
    subject = "device:s1" if first == "hang:s1" else "link:a-s1"
    assert [f"open {subject}"] == watch.told

    watch.breaks(second).run(30)
    watch.heals(first).run(30)
    assert [f"open {subject}"] == watch.told
    watch.heals().run(30)
    assert [f"open {subject}", f"resolve {subject}"] == watch.told


def test_what_comes_back_is_up_since_it_came_back() -> None:
    """Cut at 30 s, healed at 90 s: neither the port's light nor the echoes count from before."""
    watch = Watch(plant(CITY)).run(30)
    watch.breaks("link:core-a").run(60)
    assert 30_000 < watch.since("site:v1") <= 31_250
    assert 30_000 < watch.since("link:a-v1") <= 31_250
    watch.heals().run(30)

    for element in ("site:a", "site:v1", "device:a", "device:s1", "link:core-a", "link:a-v1"):
        assert 90_000 < watch.since(element) <= 92_000, element
    assert watch.since("site:b") < 2000


def test_a_site_of_two_boxes_is_down_since_the_last_of_them_fell() -> None:
    inventory = plant("core-s1 core-s2")
    one_site = [d.model_copy(update={"site": d.id.replace("s2", "s1")}) for d in inventory.devices]
    watch = Watch(inventory.model_copy(update={"devices": tuple(one_site)})).run(30)
    watch.breaks("link:core-s1").run(30)
    assert DEGRADED is watch.state("site:s1")
    assert () == watch.notices[0].alert.sites

    watch.breaks("link:core-s2").run(30)
    assert DOWN is watch.state("site:s1")
    assert 60_000 < watch.since("site:s1") <= 61_000
    assert ("s1",) == watch.notices[1].alert.sites
    watch.heals("link:core-s1").run(30)
    assert DEGRADED is watch.state("site:s1")


def test_a_line_whose_ports_nobody_can_read_is_told_and_resolved_by_the_answers() -> None:
    watch = Watch(plant("core-a a-s1", deaf="a s1")).run(30)
    watch.breaks("link:a-s1").run(30)
    assert ["open link:a-s1"] == watch.told

    watch.heals().run(60)
    assert ["open link:a-s1", "resolve link:a-s1"] == watch.told
    resolved = watch.notices[1].alert.resolved
    assert resolved is not None
    assert 60_000 <= resolved - START <= 61_000
    assert [] == watch.passed("link:a-s1", 60_000) or watch.state("link:a-s1").up is not False


def test_an_agent_that_died_meanwhile_keeps_no_alert_open() -> None:
    watch = Watch(plant("core-a a-s1", deaf="s1")).run(30)
    watch.breaks("link:a-s1").run(30)
    watch.breaks("agent:a").run(60)
    assert ["open link:a-s1"] == watch.told

    watch.heals("link:a-s1").run(60)
    assert ["open link:a-s1", "resolve link:a-s1"] == watch.told


def test_a_plant_without_a_vantage_still_tells_what_breaks() -> None:
    inventory = plant("core-a a-s1").model_copy(update={"vantage": ()})
    watch = Watch(inventory).run(30)
    watch.breaks("link:a-s1").run(30)

    assert ["open link:a-s1"] == watch.told
