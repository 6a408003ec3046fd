"""When each question is due: spread, stable, and never twice for the same moment."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.schedule import Job, Schedule

S = 1_000_000_000
START = 5_000 * S


def city(devices: int = 200, period: int = 60 * S) -> list[Job]:
    return [Job(f"sw-{number}", "interfaces", period) for number in range(devices)]


def played(schedule: Schedule, start: int, end: int) -> list[tuple[int, Job]]:
    """Every (due time, job) in a span, for somebody who is never late."""
    found: list[tuple[int, Job]] = []
    while (at := schedule.next_ns()) is not None and at <= end:
        at = max(at, start)
        found += [(at, job) for job, late in schedule.due(at) if late >= 0]
    return found


def test_everything_is_asked_within_five_seconds() -> None:
    first = played(Schedule(city(), START), START, START + 5 * S)

    assert {job.device for _, job in first} == {job.device for job in city()}
    # Spread, not all at once: no tenth of a second has more than its share by far.
    busiest = Counter((at - START) // (S // 10) for at, _ in first).most_common(1)[0][1]
    assert busiest <= 12, "200 in 50 tenths of a second are 4 each"


def test_the_later_rounds_are_spread_over_the_whole_period() -> None:
    schedule = Schedule(city(600), START)
    played(schedule, START, START + 100 * S)

    later = played(schedule, START + 100 * S, START + 160 * S - 1)

    assert 600 == len(later) == len({job.device for _, job in later})
    by_second = Counter((at - START) // S for at, _ in later)
    assert 55 <= len(by_second)
    assert max(by_second.values()) <= 30, "600 in 60 seconds are 10 each"


def test_phases_are_the_same_after_every_restart() -> None:
    def phases(start: int) -> dict[str, int]:
        schedule = Schedule(city(), start)
        played(schedule, start, start + 100 * S)
        later = played(schedule, start + 100 * S, start + 160 * S - 1)
        return {job.device: at - start for at, job in later}

    assert phases(START) == phases(START + 123_456_789_012)


def test_the_order_of_the_inventory_does_not_matter() -> None:
    there, back = Schedule(city(), START), Schedule(city()[::-1], START)

    assert sorted(played(there, START, START + 200 * S)) == sorted(
        played(back, START, START + 200 * S)
    )


def test_missed_periods_are_left_out() -> None:
    schedule = Schedule([Job("a", "links", 10 * S)], START)
    schedule.due(START + 5 * S)

    woken = schedule.due(START + 1000 * S)

    assert 1 == len(woken)
    (_, late) = woken[0]
    assert late > 900 * S
    following = schedule.next_ns()
    assert following is not None
    assert START + 1000 * S < following <= START + 1015 * S


def test_an_urged_device_is_asked_at_once_when_it_was_not_just_asked() -> None:
    schedule = Schedule([Job("a", "links", 10 * S), Job("a", "interfaces", 60 * S)], START)
    played(schedule, START, START + 5 * S)

    schedule.urge("a", START + 8 * S)

    assert [("a", "links")] == [(j.device, j.table) for j, _ in schedule.due(START + 8 * S)]


def test_an_urged_device_that_was_just_asked_is_asked_300_ms_after() -> None:
    schedule = Schedule([Job("a", "links", 10 * S)], START)
    asked, _ = played(schedule, START, START + 5 * S)[0]

    schedule.urge("a", asked + 1)
    schedule.urge("a", asked + 2)

    assert asked + 300_000_000 == schedule.next_ns()
    assert [] == schedule.due(asked + 299_999_999)
    assert 1 == len(schedule.due(asked + 300_000_000)), "two urges are one question"
    following = schedule.next_ns()
    assert following is not None
    assert following > asked + S, "and its own turn comes as if nothing had been"


def test_a_device_nobody_asks_cannot_be_urged() -> None:
    schedule = Schedule([], START)

    schedule.urge("stranger", START)

    assert schedule.next_ns() is None
    assert [] == schedule.due(START + 100 * S)


def test_a_turn_that_fell_on_a_busy_device_comes_again_and_the_fuller_question_takes_it() -> None:
    links, full = Job("a", "links", 10 * S), Job("a", "interfaces", 60 * S)
    schedule = Schedule([links, full], START)
    played(schedule, START, START + 20 * S)

    schedule.again(full, START + 20 * S)
    schedule.urge("a", START + 20 * S)

    assert [full] == [job for job, _ in schedule.due(START + 20 * S + 300_000_000)]


@given(
    periods=st.lists(st.integers(S // 5, 3600 * S), min_size=1, max_size=8),
    wakes=st.lists(st.integers(1, 20 * S), min_size=1, max_size=60),
    urges=st.sets(st.integers(0, 7)),
)
def test_however_it_is_woken_no_job_is_given_twice_at_once_or_too_early(
    periods: list[int], wakes: list[int], urges: set[int]
) -> None:
    jobs = [Job(f"sw-{number}", "links", period) for number, period in enumerate(periods)]
    schedule, now = Schedule(jobs, START), START
    last: dict[Job, int] = {}
    for step, wait in enumerate(wakes):
        now += wait
        if step in urges:
            schedule.urge(f"sw-{step}", now)
        given_now = [job for job, _ in schedule.due(now)]
        assert len(given_now) == len(set(given_now))
        for job in given_now:
            if job in last and not urges:
                assert now - last[job] >= job.period_ns // 2
            last[job] = now
        following = schedule.next_ns()
        assert following is not None
        assert following > now


@given(periods=st.lists(st.integers(S, 600 * S), min_size=1, max_size=6))
def test_on_time_every_job_is_asked_once_a_period(periods: list[int]) -> None:
    jobs = [Job(f"sw-{number}", "links", period) for number, period in enumerate(periods)]
    schedule = Schedule(jobs, START)
    longest = max(periods)
    played(schedule, START, START + 2 * longest)

    given_later = Counter(
        job for _, job in played(schedule, START + 2 * longest, START + 5 * longest)
    )

    for job in jobs:
        assert given_later[job] in {3 * longest // job.period_ns, 3 * longest // job.period_ns + 1}


def test_devices_of_one_pace_come_together_and_the_chunks_are_spread() -> None:
    schedule = Schedule(city(2000), START, together=100)
    played(schedule, START, START + 100 * S)

    later = played(schedule, START + 100 * S, START + 160 * S - 1)

    assert 2000 == len(later) == len({job.device for _, job in later})
    chunks = Counter(at for at, _ in later)
    assert 20 == len(chunks), "2000 devices, 100 together"
    assert 60 <= min(chunks.values()) <= max(chunks.values()) <= 150, "by a hash: about 100"
    moments = sorted(chunks)
    assert {3 * S} == {after - before for before, after in pairwise(moments)}


def test_who_comes_together_is_the_same_whatever_the_order_and_after_every_restart() -> None:
    def chunks(jobs: list[Job], start: int) -> set[frozenset[str]]:
        schedule = Schedule(jobs, start, together=10)
        played(schedule, start, start + 100 * S)
        found: dict[int, set[str]] = {}
        for at, job in played(schedule, start + 100 * S, start + 160 * S - 1):
            found.setdefault(at, set()).add(job.device)
        return {frozenset(each) for each in found.values()}

    assert chunks(city(), START) == chunks(city()[::-1], START + 123_456_789_012)


def test_a_chunk_s_full_round_falls_on_one_of_its_quick_beats() -> None:
    names = [f"sw-{number}" for number in range(300)]
    jobs = [Job(name, "links", 10 * S) for name in names]
    jobs += [Job(name, "interfaces", 60 * S) for name in names]
    schedule = Schedule(jobs, START, together=100)
    played(schedule, START, START + 101 * S - 1)

    later = played(schedule, START + 101 * S, START + 161 * S - 1)

    full = {(at, job.device) for at, job in later if job.table == "interfaces"}
    quick = {(at, job.device) for at, job in later if job.table == "links"}
    assert 300 == len(full)
    assert full <= quick
    assert 6 * 300 == len(quick)
