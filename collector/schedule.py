"""When is each question due: starts are spread, nothing waits for anything else."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import Final, NamedTuple

from edunet.inventory.model import Device
from edunet.settings import Intervals

_FIRST_ROUND_NS: Final = 5_000_000_000
_FINEST: Final = 2**32
_AGAIN_NS: Final = 300_000_000  # a second look this soon after the first says something new


class Job(NamedTuple):
    """A question to be put to a device every `period_ns`."""

    device: str
    table: str
    period_ns: int


class _Entry(NamedTuple):
    """A plain tuple, for thousands are compared at each wake-up; `order` is its own alone."""

    due_ns: int
    order: int
    job: Job
    steady_ns: int  # one moment of the job's own phase


class Schedule:
    """Due times of jobs, in nanoseconds of the monotonic clock.

    The first round is spread over five seconds, the later ones over the whole period, by a hash of
    the device's id: the same device is asked at the same phase after every restart. About
    `together` devices of the same pace have the same phase: whoever asks is woken once for them.
    """

    def __init__(self, jobs: Iterable[Job], now_ns: int, together: int = 1) -> None:
        self._entries: list[_Entry] = []
        self._urgent: dict[str, tuple[int, Job]] = {}
        self._asked: dict[Job, int] = {}
        self._quickest: dict[str, Job] = {}
        jobs = list(jobs)
        for job in jobs:
            known = self._quickest.get(job.device)
            if known is None or job.period_ns < known.period_ns:
                self._quickest[job.device] = job
        paces = Counter(job.period_ns for job in self._quickest.values())
        for order, job in enumerate(jobs):
            quickest = self._quickest[job.device].period_ns
            chunks = _FINEST if together == 1 else -(-paces[quickest] // together)
            chunk = int(_hash(job.device) * chunks)
            first = now_ns + chunk * min(_FIRST_ROUND_NS, quickest) // chunks
            steady = now_ns + _phase(job, quickest, chunk, chunks)
            self._entries.append(_Entry(first, order, job, steady))
        heapq.heapify(self._entries)

    def due(self, now_ns: int) -> list[tuple[Job, int]]:
        """Every job that is due, with its lateness in nanoseconds; each is put off by a period."""
        found: list[tuple[Job, int]] = []
        while self._entries and self._entries[0].due_ns <= now_ns:
            entry = self._entries[0]
            found.append((entry.job, now_ns - entry.due_ns))
            self._asked[entry.job] = now_ns
            heapq.heapreplace(self._entries, entry._replace(due_ns=self._after(entry, now_ns)))
        for device, (_, job) in [each for each in self._urgent.items() if each[1][0] <= now_ns]:
            del self._urgent[device]
            if self._asked.get(job) != now_ns:
                self._asked[job] = now_ns
                found.append((job, 0))
        return found

    def next_ns(self) -> int | None:
        """When something is due next, or None when there is nothing to do."""
        times = [at for at, _ in self._urgent.values()]
        if self._entries:
            times.append(self._entries[0].due_ns)
        return min(times, default=None)

    def urge(self, device: str, now_ns: int) -> None:
        """Ask the device's most frequent question as soon as it may have a new answer.

        A device that is never asked anything is left alone.
        """
        job = self._quickest.get(device)
        if job:
            self.again(job, now_ns)

    def again(self, job: Job, now_ns: int) -> None:
        """Put a question anew: its turn came while the device was still busy with another.

        A device has one such turn; the fuller question takes it.
        """
        at = max(now_ns, self._asked.get(job, 0) + _AGAIN_NS)
        before = self._urgent.get(job.device, (at, job))
        self._urgent[job.device] = (
            min(at, before[0]),
            max(job, before[1], key=fullness),
        )

    def _after(self, entry: _Entry, now_ns: int) -> int:
        """The next due time at the job's own phase, at least half a period away."""
        steady, period = entry.steady_ns, entry.job.period_ns
        rounds = max(0, -(-(now_ns + period // 2 - steady) // period))
        return steady + rounds * period


def jobs_of(
    devices: Iterable[Device], linked: Container[str], intervals: Intervals
) -> Iterator[Job]:
    """What to ask of these devices; `linked` are those at the ends of links."""
    for device in devices:
        full = round((device.interval or intervals.interfaces) * 1e9)
        yield Job(device.id, "interfaces", full)
        if device.id in linked or device.reach == "snmp":
            yield Job(device.id, "links", min(round(intervals.links * 1e9), full))


def fullness(job: Job) -> tuple[int, bool]:
    """The more seldom, the fuller; of equal ones that about all interfaces."""
    return job.period_ns, job.table == "interfaces"


def _phase(job: Job, quickest_ns: int, chunk: int, chunks: int) -> int:
    """Nanoseconds into the job's period.

    All questions to a device keep the beat of its most frequent one: where two fall together the
    fuller is put, and no counter is read twice within moments.
    """
    beats = max(1, job.period_ns // quickest_ns)
    beat = int(_hash(f"{chunk}/{job.table}") * beats)
    return beat * quickest_ns + chunk * quickest_ns // chunks


def _hash(text: str) -> float:
    """A number in [0, 1) that belongs to this text for ever."""
    return zlib.crc32(text.encode()) / 2**32
