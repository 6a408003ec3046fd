"""When several things break or return one after another, is each told once and for itself?"""

from __future__ import annotations

import pytest
from physics import TICK, Watch, plant

from edunet.states import State

CITY = "core-a core-b a-s1 a-s2 a=v1 b-s3"
UP, DOWN, UNREACHABLE = State.UP, State.DOWN, State.UNREACHABLE


@pytest.fixture(params=["icmp", "snmp"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _all_up(watch: Watch) -> bool:
    return {UP} == {passed[-1][1] for passed in watch.seen.values()}


def test_schools_that_answer_before_their_county_accuse_none_of_the_others() -> None:
    """On the way back s1 is asked first, the county and s2 only later: neither is proved dead."""
    phases = {"core": 0, "s1": 50, "s2": 700, "s3": 800, "a": 900}
    watch = Watch(plant("core-a a-s1 a-s2 a-s3"), phases=phases).run(30)
    watch.breaks("link:core-a").run(30)
    watch.heals().run(30)

    assert ["open link:core-a", "resolve link:core-a"] == watch.told
    for school in ("s1", "s2", "s3"):
        assert [UNREACHABLE, UP] == watch.passed(f"site:{school}", 30_001)


def test_schools_behind_a_switch_nobody_polls_are_not_accused_on_the_way_back() -> None:
    phases = {"core": 0, "a": 50, "s1": 500, "s2": 900}
    watch = Watch(plant("core-a a-h h-s1 h-s2"), phases=phases)
    watch.skip.add("h")
    watch.run(30).breaks("link:core-a").run(30)
    watch.heals().run(30)

    assert ["open link:core-a", "resolve link:core-a"] == watch.told


def test_a_school_is_not_accused_by_a_county_that_never_noticed_the_cut() -> None:
    """Cut from 30 to 35 s: the county is asked at 25.1 and 35.1, the school next at 35.6."""
    inventory = plant("core-a a-s1", slow="a")
    watch = Watch(inventory, ask=False, phases={"core": 0, "a": 5100, "s1": 600}).run(30)
    watch.breaks("link:core-a").run(5)
    watch.heals().run(30)

    assert not [told for told in watch.told if "s1" in told]


def test_a_child_cut_before_its_hub_died_stays_told_once(reach: str) -> None:
    watch = Watch(plant("core-h h-s1 h-s2", reach=reach)).run(30)
    watch.breaks("link:h-s1").run(60)
    watch.breaks("link:core-h").run(60)
    assert ["open link:h-s1", "open link:core-h"] == watch.told
    assert UNREACHABLE is watch.state("site:s1")

    watch.heals("link:core-h").run(90)
    assert ["open link:h-s1", "open link:core-h", "resolve link:core-h"] == watch.told
    assert DOWN is watch.state("site:s1")
    assert UP is watch.state("site:s2")
    # the class changed when the hub was back, not when the child was cut
    assert watch.since("site:s1") >= 150_000

    watch.heals().run(60)
    assert "resolve link:h-s1" == watch.told[-1]
    assert 4 == len(watch.told)
    assert _all_up(watch)


@pytest.mark.parametrize("how", ["power", "hang"])
def test_a_child_cut_hides_no_death_of_its_hub(how: str) -> None:
    """The hub with two ways up is told as a device: its old child's alert is not its own."""
    watch = Watch(plant("core-a core-b a-h b-h h-s1 h-s2")).run(30)
    watch.breaks("link:h-s1").run(30)
    watch.breaks(f"{how}:h").run(30)
    assert ["open link:h-s1", "open device:h"] == watch.told

    watch.heals(f"{how}:h").run(60)
    assert ["open link:h-s1", "open device:h", "resolve device:h"] == watch.told


def test_a_child_cut_while_its_hub_was_dead_is_told_when_the_hub_returns(reach: str) -> None:
    watch = Watch(plant("core-h h-s1 h-s2", reach=reach)).run(30)
    watch.breaks("hang:h").run(60)
    watch.breaks("link:h-s1").run(30)
    assert ["open device:h"] == watch.told

    watch.heals("hang:h").run(90)
    assert ["open device:h", "resolve device:h", "open link:h-s1"] == sorted(
        watch.told, key=lambda told: ("h-s1" in told, told)
    )
    assert ("s1",) == watch.notices[-1].alert.sites or ("s1",) == watch.notices[-2].alert.sites
    watch.heals().run(60)
    assert _all_up(watch)


def test_a_port_state_from_before_the_recovery_tells_nothing() -> None:
    """The box returns while the hub's port was last read as dark, and is not asked again soon."""
    watch = Watch(plant(CITY), ask=False, phases={"a": 900, "s1": 300}).run(30)
    watch.breaks("power:s1").run(31)
    assert ["open link:a-s1"] == watch.told
    watch.heals().run(8)
    assert ["open link:a-s1"] == watch.told
    assert UP is watch.state("device:s1")

    watch.run(30)
    assert ["open link:a-s1", "resolve link:a-s1"] == watch.told
    assert _all_up(watch)


def test_a_returned_box_is_not_told_again_by_its_stale_port() -> None:
    watch = Watch(plant("core-a core-b a-s1 b-s1"), ask=False, phases={"a": 0, "b": 500}).run(30)
    watch.breaks("power:s1").run(25)
    assert ["open device:s1"] == watch.told
    watch.heals().run(2 * TICK / 1000 + 6)
    watch.run(30)
    assert ["open device:s1", "resolve device:s1"] == watch.told
