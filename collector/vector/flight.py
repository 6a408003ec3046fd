"""What is in flight: which question has which request-id, and until when it is waited for."""

from __future__ import annotations

import secrets
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.vector.layout import Ints

MOST: Final = 4096  # questions in flight at most; the receive buffer may allow fewer
_GENERATION: Final = 0x3FFFF000  # bits of an id that nobody can guess; the others are its place


class Flight:
    """A place for each question in flight.

    Attributes:
        ids: uint32 by place, the request-id; 0 = free. asked: int64 by place, which question.
        room: how many may be in flight.
    """

    def __init__(self) -> None:
        self.ids = np.zeros(MOST, np.uint32)
        self.asked = np.zeros(MOST, np.int64)
        self.room = MOST
        self._until = np.zeros(MOST)
        self._tries = np.zeros(MOST, np.int8)
        self._free = np.arange(MOST)  # the first `_unused` of them
        self._unused = MOST

    @property
    def left(self) -> int:
        """How many more may fly."""
        return self._unused - (MOST - self.room)

    @property
    def empty(self) -> bool:
        return self._unused == MOST

    def places(self, count: int) -> tuple[Ints, npt.NDArray[np.uint32]]:
        """So many places and their request-ids, each of four bytes and never guessed."""
        self._unused -= count
        places = self._free[self._unused : self._unused + count].copy()
        generation = np.frombuffer(secrets.token_bytes(4 * count), np.uint32) & _GENERATION
        return places, (generation | places.astype(np.uint32) | 0x40000000).astype(np.uint32)

    def give_back(self, places: Ints) -> None:
        """These were not used."""
        self._free[self._unused : self._unused + len(places)] = places
        self._unused += len(places)

    def depart(
        self,
        places: Ints,
        ids: npt.NDArray[np.uint32],
        questions: Ints,
        until: npt.NDArray[np.float64],
        tries: npt.NDArray[np.int8],
    ) -> None:
        """These questions are on their way, for the so-manieth time."""
        self.ids[places], self.asked[places] = ids, questions
        self._until[places], self._tries[places] = until, tries

    def land(self, places: Ints) -> None:
        """These are over."""
        self.ids[places] = 0
        self.give_back(places)

    def flying(self) -> Ints:
        return np.flatnonzero(self.ids)

    def late(self, now: float) -> tuple[Ints, npt.NDArray[np.int8]]:
        """Questions that were waited for long enough, and how often they were put; they land."""
        late = np.flatnonzero((self.ids != 0) & (self._until <= now))
        found = self.asked[late], self._tries[late]
        self.land(late)
        return found
