"""What the kernel counted at every port of a few namespaces, looked at twenty times a second."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Literal, Self

from daemons import until
from netns import Namespace

Way = Literal["in", "out"]

_PACE_S: Final = 0.05
_SHORTEST_S: Final = 0.2  # of the windows whose pace is compared: two polls are never closer
_COLUMNS: Final[tuple[tuple[Way, int], ...]] = (("in", 0), ("out", 8))  # of /proc/net/dev: octets


class _Place:
    """One namespace: when each look began and ended (epoch seconds), the octets it saw."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.began: list[float] = []
        self.ended: list[float] = []
        self.octets: dict[tuple[str, Way], list[int]] = {}

    def look(self) -> None:
        began = time.time()
        text = os.pread(self.file, 1 << 16, 0).decode()
        ended = time.time()
        for line in text.splitlines()[2:]:
            name, _, numbers = line.partition(":")
            words = numbers.split()
            for way, column in _COLUMNS:
                series = self.octets.setdefault((name.strip(), way), [])
                series.append(int(words[column]))
        self.began.append(began)
        self.ended.append(ended)  # the last to grow: what it says is there is there


class Kernel:
    """The counters of every interface over time. Times are epoch seconds, a port is a
    (namespace by its name here, interface).
    """

    def __init__(self, spaces: Mapping[str, Namespace]) -> None:
        self._spaces = spaces
        self._places: dict[str, _Place] = {}
        self._files = ExitStack()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="kernel", daemon=True)

    def __enter__(self) -> Self:
        for name, space in self._spaces.items():
            with space.entered():
                file = os.open("/proc/thread-self/net/dev", os.O_RDONLY)
            self._files.callback(os.close, file)
            self._places[name] = _Place(file)
            self._places[name].look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._files.close()

    def at_least(self, place: str, interface: str, way: Way, time_s: float) -> int:
        """What the counter had reached by then: seen before that moment."""
        found = self._places[place]
        number = bisect_right(found.ended, time_s) - 1
        return found.octets[interface, way][number] if number >= 0 else 0

    def at_most(self, place: str, interface: str, way: Way, time_s: float) -> int:
        """What the counter had not passed by then: seen after that moment."""
        found = self._places[place]
        until(lambda: len(found.ended) > bisect_left(found.began, time_s), "a look at the kernel")
        return found.octets[interface, way][bisect_left(found.began, time_s)]

    def passed(
        self, place: str, interface: str, way: Way, start: float, end: float, late: float
    ) -> tuple[int, int]:
        """The least and the most octets that can have passed between two readings of the counter,
        each of them made within `late` seconds before the moment given.
        """
        port = place, interface, way
        least = self.at_least(*port, end - late) - self.at_most(*port, start)
        return max(0, least), self.at_most(*port, end) - self.at_least(*port, start - late)

    def fastest(self, place: str, interface: str, way: Way, start: float, end: float) -> float:
        """The most bit/s of any short window that touches this span."""
        found = self._places[place]
        self.at_most(place, interface, way, end)
        octets, most = found.octets[interface, way], 0.0
        first = max(0, bisect_right(found.ended, start) - 1)
        last = bisect_left(found.began, end)
        i = first
        for j in range(first, last + 1):
            while i < j and found.began[j] - found.ended[i + 1] >= _SHORTEST_S:
                i += 1
            took = found.began[j] - found.ended[i]
            if took >= _SHORTEST_S:
                most = max(most, (octets[j] - octets[i]) * 8 / took)
        return most

    def _look(self) -> None:
        while not self._over.wait(_PACE_S):
            for place in self._places.values():
                place.look()
