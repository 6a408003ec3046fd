"""Does doubt about our own eyes, or a single miss, ever become somebody's outage?"""

from __future__ import annotations

import numpy as np
import pytest
from physics import START, Watch, plant

from alerts.engine import Engine
from alerts.rule import load
from edunet.catalog import Catalog
from edunet.frame import Frame, Reason
from edunet.settings import Intervals
from edunet.states import Because, State
from edunet.topology import compile_topology

UP, DEGRADED, DOWN, UNREACHABLE = State.UP, State.DEGRADED, State.DOWN, State.UNREACHABLE
UNKNOWN = State.UNKNOWN
CITY = "core-a core-b a-s1 a-s2 a=v1 b-s3"
RING = "core-a core-b a-s1 b-s1"


@pytest.fixture(params=["icmp", "snmp"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_with_dark_eyes_everything_is_unknown_and_nothing_is_told(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("eyes:noc").run(120)

    assert [] == watch.told
    assert {UNKNOWN} == {passed[-1][1] for passed in watch.seen.values()}
    assert {None} == {passed[-1][1].up for passed in watch.seen.values()}
    for passed in watch.seen.values():
        assert not {DOWN, UNREACHABLE} & {state for _, state in passed}


def test_when_sight_returns_nothing_old_is_believed(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("eyes:noc").run(60)
    watch.heals().run(60)

    assert [] == watch.told
    for element, passed in watch.seen.items():
        assert UP is passed[-1][1], element
        assert not {DOWN, UNREACHABLE} & {state for _, state in passed}, element


def test_a_cut_that_blindness_hid_is_told_after_it(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("eyes:noc").run(30)
    watch.breaks("link:core-a").run(30)
    watch.heals("eyes:noc").run(60)

    assert ["open link:core-a"] == watch.told
    assert watch.notices[0].alert.since >= START + 90_000


def test_an_outage_told_before_blindness_is_neither_repeated_nor_resolved_by_it(reach: str) -> None:
    watch = Watch(plant(CITY, reach=reach)).run(30)
    watch.breaks("link:core-a").run(60)
    watch.breaks("eyes:noc").run(60)
    watch.heals("eyes:noc").run(60)
    assert ["open link:core-a"] == watch.told

    watch.heals().run(60)
    assert ["open link:core-a", "resolve link:core-a"] == watch.told


def test_one_lost_burst_of_the_vantage_moves_nothing() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.lose.update(device.id for device in watch.topology.inventory.devices)
    watch.run(30)

    assert [] == watch.told
    assert {UP} == {state for passed in watch.seen.values() for time, state in passed[1:]} | {UP}
    assert all([UP] == watch.passed(element, 12_000) or not watch.passed(element, 12_000)
               for element in watch.seen)  # fmt: skip


def test_nobody_polling_the_vantage_any_more_freezes_nothing() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.lose.add("core")
    watch.run(1)
    watch.skip.update(device.id for device in watch.topology.inventory.devices)
    watch.run(120)

    assert {UNKNOWN} == {passed[-1][1] for passed in watch.seen.values()}
    assert [] == watch.told


@pytest.mark.parametrize("device", ["a", "s1", "core"])
def test_single_lost_echoes_never_open_anything(device: str) -> None:
    watch = Watch(plant(CITY)).run(30)
    for _ in range(10):
        watch.lose.add(device)
        watch.run(3)

    assert [] == watch.told
    assert [] == watch.passed(f"device:{device}", 30_001)


def test_what_nobody_reads_becomes_unknown_and_its_series_absent() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.skip.add("s1")
    watch.run(60)

    assert [UNKNOWN] == watch.passed("device:s1", 30_001)
    assert UNKNOWN is watch.state("site:s1")
    assert watch.state("site:s1").up is None
    row = watch.topology.site["s1"]
    assert Because.NO_EVIDENCE == watch.engine.verdict.because[row]
    assert [] == watch.told


def test_a_dead_agent_degrades_a_living_device_and_says_why() -> None:
    watch = Watch(plant(CITY)).run(30)
    watch.breaks("agent:s1").run(60)

    assert [] == watch.told
    assert [DEGRADED] == watch.passed("device:s1", 30_001)
    assert DEGRADED is watch.state("site:s1")
    assert Because.AGENT == watch.engine.verdict.because[watch.topology.site["s1"]]
    watch.heals().run(30)
    assert UP is watch.state("site:s1")


def test_an_agent_nobody_asks_any_more_degrades_nothing() -> None:
    """Its last silence is old news: after 3.5 rounds it is forgotten, the echoes stay."""
    inventory = plant(CITY)
    catalog = Catalog()
    engine = Engine(compile_topology(inventory), catalog, Intervals(), load(), START)
    for second in range(1, 301):
        now = START + second * 1000
        engine.observe(_frame(catalog, "probe", "received", inventory.devices[0].id, now, 1))
        if second <= 2:
            engine.observe(_frame(catalog, "device", "answered", "core", now, 0))
        engine.advance(now)
        if second == 10:
            assert DEGRADED == engine.verdict.nodes[0]

    assert UP == engine.verdict.nodes[0]


@pytest.mark.parametrize("lossy", [False, True])
def test_a_silent_forwarder_is_degraded_and_cuts_off_nobody(lossy: bool) -> None:
    watch = Watch(plant("core-h h-s1 h-s2")).run(30)
    watch.breaks("mute:h")
    for _ in range(20):
        if lossy:
            watch.lose.add("s1")
        watch.run(3)

    assert [] == watch.told
    assert not {DOWN, UNREACHABLE} & set(watch.passed("device:h"))
    assert DEGRADED is watch.state("site:h")
    assert {UP} == {watch.state(f"site:{school}") for school in ("s1", "s2")}
    watch.heals().run(30)
    assert UP is watch.state("device:h")
    assert [] == watch.told


def test_a_silent_forwarder_of_slowly_polled_schools_is_no_outage() -> None:
    inventory = plant("core-h h-s1 h-s2", slow="s1 s2")
    for late in (0, 2500, 5000, 7500):
        watch = Watch(inventory, phases={"s1": late, "s2": late}).run(30)
        watch.breaks("mute:h").run(60)

        assert [] == watch.told
        assert not {DOWN, UNREACHABLE} & set(watch.passed("device:h"))


def test_two_silent_forwarders_in_a_row_are_no_outage() -> None:
    watch = Watch(plant("core-h h-h2 h2-s1")).run(30)
    watch.breaks("mute:h", "mute:h2").run(60)

    assert [] == watch.told
    assert {DEGRADED} == {watch.state(f"site:{hub}") for hub in ("h", "h2")}
    assert UP is watch.state("site:s1")


def test_a_silent_forwarder_that_really_dies_is_told() -> None:
    watch = Watch(plant("core-h h-s1 h-s2")).run(30)
    watch.breaks("mute:h").run(60)
    watch.breaks("link:core-h").run(30)

    assert ["open link:core-h"] == watch.told
    assert ("h", "s1", "s2") == watch.notices[0].alert.sites
    assert watch.notices[0].alert.since > START + 90_000  # when it fell, not when it went mute
    assert watch.since("site:h") > 90_000


def test_a_cut_behind_a_silent_forwarder_is_told() -> None:
    watch = Watch(plant("core-h h-s1 h-s2")).run(30)
    watch.breaks("mute:h").run(60)
    watch.breaks("link:h-s1").run(60)

    assert ["open link:h-s1"] == watch.told
    assert ("s1",) == watch.notices[0].alert.sites


def test_a_dark_school_behind_a_switch_nobody_polls_is_told() -> None:
    watch = Watch(plant("core-h h-s1 h-s2"))
    watch.skip.add("h")
    watch.run(30).breaks("link:h-s1").run(60)

    assert ["open link:h-s1"] == watch.told


def test_what_could_not_be_asked_is_no_failure() -> None:
    """-1 and a probe of no echoes are questions never put; so is a value with a reason."""
    inventory = plant("core-s1")
    catalog = Catalog()
    engine = Engine(compile_topology(inventory), catalog, Intervals(), load(), START)
    for second in range(1, 60):
        now = START + second * 1000
        engine.observe(_frame(catalog, "probe", "received", "core", now, 1))
        received, sent, reason = [(-1, 1, 0), (0, 0, 0), (0, 1, Reason.MISSING)][second % 3]
        if second < 3:
            received, sent, reason = 1, 1, 0
        frame = _frame(catalog, "probe", "received", "s1", now, received)
        columns = {**frame.columns, "sent": np.full(1, sent, np.int16)}
        reasons = {"received": np.full(1, reason, np.uint8)}
        engine.observe(Frame("probe", frame.slots, frame.times, columns, reasons))
        decisions = engine.advance(now)
        assert () == decisions.notices

    assert UNKNOWN == engine.verdict.nodes[1]


def _frame(catalog: Catalog, kind: str, column: str, device: str, now: int, value: int) -> Frame:
    slots = np.array([catalog.slot(kind, device)], np.int32)
    columns = {column: np.array([value], np.int16)}
    return Frame(kind, slots, np.array([now], np.int64), columns)
