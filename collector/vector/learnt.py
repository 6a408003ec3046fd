"""What batches have learnt of each device, until it is listed again."""

from __future__ import annotations

from collections import Counter
from typing import Final

_ODD: Final = 2  # rounds in a row that batches could not read: from then on it is asked singly


class Learnt:
    """Devices by id.

    Attributes:
        single: batches cannot read them. by_name: they are not to be asked by GETBULK.
        weak: they lose questions that come together.
        alive: they were read whole in their last round.
    """

    def __init__(self) -> None:
        self.single: set[str] = set()
        self.by_name: set[str] = set()
        self.weak: set[str] = set()
        self.alive: set[str] = set()
        self._odd: Counter[str] = Counter()

    def forget(self, device: str) -> None:
        """It is listed anew: it may be another."""
        for learnt in (self.single, self.by_name, self.weak):
            learnt.discard(device)
        self._odd.pop(device, None)

    def whole(self, device: str) -> None:
        """It was read whole."""
        self.alive.add(device)
        if self._odd:
            self._odd.pop(device, None)

    def broken(self, device: str, full: bool, odd: bool) -> None:
        """It was not; `odd`: it said what could not be read, or of other rows."""
        self.alive.discard(device)
        if not odd:
            return
        if full:
            self.by_name.add(device)
        self._odd[device] += 1
        if self._odd[device] >= _ODD:
            self.single.add(device)
