"""Whatever the plant, the fault and the order of polls: is one break one alert, and told true?"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from physics import Watch, plant

from edunet.inventory.model import Inventory
from edunet.states import State

LOOK = settings(
    max_examples=20, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
DARK = {State.DOWN, State.UNREACHABLE}


@dataclass(frozen=True)
class Case:
    """A plant, when each device is polled, what breaks, and at what moment."""

    links: str
    slow: str
    deaf: str
    phases: dict[str, int]
    fault: str
    ask: bool
    moment: float

    @property
    def inventory(self) -> Inventory:
        return plant(self.links, slow=self.slow, deaf=self.deaf)

    @property
    def touched(self) -> set[str]:
        """Links the fault is on or at."""
        name = self.fault.split(":")[1]
        return {link.id for link in self.inventory.links if name in {link.id, *link.id.split("-")}}

    @property
    def blurred(self) -> set[str]:
        """Sites nobody can tell from lost ones: a silent device, and the bare ports behind it."""
        kind, name = self.fault.split(":")
        bare = {w.split("=")[1] for w in self.links.split() if w.startswith(f"{name}=")}
        return {name, *bare} if kind == "mute" else set()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A tree of up to 8 nodes with up to two chords; leaves may be sites without gear."""
    size = draw(st.integers(2, 7))
    names = ["core", *(f"s{n}" for n in range(1, size + 1))]
    parents = [draw(st.integers(0, n)) for n in range(size)]
    inner = set(parents) | {0}
    words, faults = [], []
    for n, parent in enumerate(parents, start=1):
        bare = n not in inner and draw(st.integers(0, 4)) == 0
        words.append(f"{names[parent]}{'=' if bare else '-'}{names[n]}")
        faults.append(f"link:{names[parent]}-{names[n]}")
        faults += [f"power:{names[n]}"] + ([] if bare else [f"hang:{names[n]}", f"mute:{names[n]}"])
    geared = {0} | {n for n in range(1, size + 1) if any(w.endswith(f"-{names[n]}") for w in words)}
    for _ in range(draw(st.integers(0, 2))):
        a, b = draw(st.sampled_from(sorted(geared))), draw(st.sampled_from(sorted(geared)))
        if a < b and f"{names[a]}-{names[b]}" not in words:
            words.append(f"{names[a]}-{names[b]}")
            faults.append(f"link:{names[a]}-{names[b]}")
    slow = " ".join(names[n] for n in sorted(geared) if draw(st.integers(0, 5)) == 0 and n)
    deaf = " ".join(names[n] for n in sorted(geared - inner) if draw(st.integers(0, 3)) == 0)
    deaf = " ".join(name for name in deaf.split() if name not in slow.split())
    phases = {names[n]: draw(st.integers(0, 9999)) for n in sorted(geared)}
    fault, ask = draw(st.sampled_from(faults)), draw(st.booleans())
    moment = draw(st.sampled_from([0.0, 2.5, 5.0, 7.5]))
    return Case(" ".join(words), slow, deaf, phases, fault, ask, moment)


def _watch(case: Case, shuffle: random.Random | None = None) -> Watch:
    watch = Watch(case.inventory, phases=case.phases, ask=case.ask, shuffle=shuffle)
    return watch.run(22 + case.moment)


@LOOK
@given(cases())
def test_one_fault_is_at_most_one_outage_on_the_fault_itself(case: Case) -> None:
    """A dead box without light and the line to it are one view: either may be named."""
    watch = _watch(case)
    assert [] == watch.told
    watch.breaks(case.fault).run(60)

    kind, name = case.fault.split(":")
    subjects = {("link", link) for link in case.touched}
    outages = {notice.alert.subject.key for notice in watch.outages}
    if kind == "link":
        assert {notice.alert.subject.key for notice in watch.notices} <= subjects
    else:
        assert outages <= subjects | {("device", name)}
    assert len(watch.outages) <= 1, watch.told


@LOOK
@given(cases())
def test_states_end_as_the_truth_is_and_the_lost_are_told(case: Case) -> None:
    watch = _watch(case).breaks(case.fault)
    watch.run(60)
    lost = set()
    for site in case.inventory.sites:
        truth, state = watch.world.state(site.id), watch.state(f"site:{site.id}")
        if truth in DARK:
            lost.add(site.id)
            assert truth is state, site.id
        elif site.id not in case.blurred:
            assert state not in DARK, site.id
    told = {site for notice in watch.outages for site in notice.alert.sites}
    assert lost == told - case.blurred

    watch.heals().run(60)
    assert {State.UP} == {watch.state(f"site:{site.id}") for site in case.inventory.sites}
    assert () == watch.engine.open_alerts
    assert len(watch.outages) <= 1, watch.told  # the way back accuses nobody either


@LOOK
@given(cases(), st.sampled_from([0.75, 1.5, 3.0, 6.0, 12.0]))
def test_a_short_break_accuses_nobody_but_what_broke(case: Case, lasting: float) -> None:
    """However the polls fall: some never notice it, some are asked again late."""
    watch = _watch(case)
    watch.breaks(case.fault).run(lasting)
    lost = {site.id for site in case.inventory.sites if watch.world.state(site.id) in DARK}
    watch.heals().run(40)

    name = case.fault.split(":")[1]
    subjects = {("link", link) for link in case.touched} | {("device", name)}
    assert {notice.alert.subject.key for notice in watch.notices} <= subjects
    assert len(watch.outages) <= 1
    assert () == watch.engine.open_alerts
    for site in case.inventory.sites:
        if site.id not in lost | case.blurred:
            assert not DARK & set(watch.passed(f"site:{site.id}")), site.id


@LOOK
@given(cases())
def test_no_school_is_dark_that_was_never_cut_off(case: Case) -> None:
    watch = _watch(case)
    watch.breaks(case.fault).run(40)
    lost = {site.id for site in case.inventory.sites if watch.world.state(site.id) in DARK}
    watch.heals().run(40)

    for site in case.inventory.sites:
        if site.id not in lost | case.blurred:
            assert not DARK & set(watch.passed(f"site:{site.id}")), site.id


@LOOK
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_frames_within_a_tick_changes_nothing(
    case: Case, order: random.Random
) -> None:
    plain, mixed = _watch(case), _watch(case, order)
    for watch in (plain, mixed):
        watch.breaks(case.fault).run(30)
        watch.heals().run(30)

    assert plain.notices == mixed.notices
    assert plain.seen == mixed.seen


@LOOK
@given(cases(), st.lists(st.sampled_from(["break", "heal", "blind", "see"]), max_size=6))
def test_notices_of_one_subject_alternate_and_every_state_is_counted_once(
    case: Case, acts: list[str]
) -> None:
    watch = _watch(case)
    sizes = (len(watch.topology.nodes), len(watch.topology.ends), len(case.inventory.sites))
    for act in acts:
        if act in ("break", "heal"):
            (watch.breaks if act == "break" else watch.heals)(case.fault)
        elif act == "blind":
            told = len(watch.told)
            watch.breaks("eyes:noc").run(25)
            blind = watch.notices[told:]
            assert not [notice for notice in blind if notice.action == "open"]
        else:
            watch.heals("eyes:noc")
        watch.run(12)
        verdict = watch.engine.verdict
        arrays = (verdict.nodes, verdict.links, verdict.sites)
        assert sizes == tuple(int(np.bincount(a, minlength=5)[:5].sum()) for a in arrays)
    watch.heals().run(60)

    by_subject: dict[tuple[str, str], list[str]] = {}
    for notice in watch.notices:
        by_subject.setdefault(notice.alert.subject.key, []).append(notice.action)
    for actions in by_subject.values():
        assert ["open", "resolve"] * (len(actions) // 2) == actions
    assert len({notice.key for notice in watch.notices}) == len(watch.notices)
    assert {State.UP} == {watch.state(f"site:{site.id}") for site in case.inventory.sites}


@LOOK
@given(cases(), st.randoms(use_true_random=False))
def test_lost_echoes_that_do_not_follow_each_other_open_nothing(
    case: Case, chance: random.Random
) -> None:
    watch = _watch(case)
    icmp = [d.id for d in case.inventory.devices if d.reach == "icmp"]
    for _ in range(10):
        watch.lose.update(name for name in icmp if chance.random() < 0.5)
        watch.run(2.25)

    assert [] == watch.told
    for element, passed in watch.seen.items():
        assert not DARK & {state for _, state in passed}, element
