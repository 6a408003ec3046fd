"""Who is being listed, and who is next: few at once, and nobody waits twice."""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterator
from itertools import count

from collector.schedule import Job, fullness


class Turns:
    """So many `places`; the others wait here as a word each, and not as a task.

    A device keeps the fullest of the jobs that came due meanwhile: it is done after its turn.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._order: list[tuple[int, int, str]] = []
        self._numbers = count()
        self._waiting: dict[str, Job | None] = {}
        self._under_way: dict[str, Job | None] = {}

    def has(self, device: str) -> bool:
        """Whether it is its turn now."""
        return device in self._under_way

    def waits(self, device: str) -> bool:
        return device in self._waiting

    def wait(self, job: Job, rank: int) -> None:
        """Its turn comes after those of a lower rank, and those that waited before."""
        if job.device not in self._waiting:
            heapq.heappush(self._order, (rank, next(self._numbers), job.device))
        self._waiting[job.device] = _fuller(self._waiting.get(job.device), job)

    def asked(self, device: str) -> None:
        """Its job was done while it waits."""
        self._waiting[device] = None

    def due(self, job: Job) -> None:
        """A job of a device whose turn it is."""
        self._under_way[job.device] = _fuller(self._under_way[job.device], job)

    def begin(self, busy: Container[str]) -> Iterator[str]:
        """Give the free places to those that wait and are not busy; the others keep theirs."""
        later: list[tuple[int, int, str]] = []
        while self._order and self._free:
            first = heapq.heappop(self._order)
            if (device := first[2]) in busy:
                later.append(first)
                continue
            self._free -= 1
            self._under_way[device] = self._waiting.pop(device)
            yield device
        for each in later:
            heapq.heappush(self._order, each)

    def end(self, device: str) -> Job | None:
        """Its turn is over and its place free; the job that is to be done now, if one came due."""
        self._free += 1
        return self._under_way.pop(device)


def _fuller(before: Job | None, job: Job) -> Job:
    return job if before is None else max(before, job, key=fullness)
