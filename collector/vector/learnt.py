"""What batches have learnt of each device, until it is listed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

_ODD: Final = 2  # rounds in a row that batches could not read: from then on it is asked singly


Asked = tuple[str, str]  # a device's id, and one of its tables


class Learnt:
    """Devices by id, and what was learnt of one table alone by both.

    Attributes:
        single: batches cannot read them. by_name: they are not to be asked by GETBULK.
        weak: they lose questions that come together.
        alive: they were read whole in their last round.
    """

    def __init__(self) -> None:
        self.single: set[Asked] = set()
        self.by_name: set[Asked] = set()
        self.weak: set[str] = set()
        self.alive: set[str] = set()
        self._odd: Counter[Asked] = Counter()

    def forget(self, asked: Asked) -> None:
        """It is listed anew: it may be another."""
        self.single.discard(asked)
        self.by_name.discard(asked)
        self.weak.discard(asked[0])
        self._odd.pop(asked, None)

    def whole(self, asked: Collection[Asked]) -> None:
        """They were read whole."""
        self.alive.update(device for device, _ in asked)
        if self._odd:
            for each in asked:
                self._odd.pop(each, None)

    def broken(self, asked: Asked, full: bool, odd: bool) -> None:
        """It was not; `odd`: it said what could not be read, or of other rows."""
        self.alive.discard(asked[0])
        if not odd:
            return
        if full:
            self.by_name.add(asked)
        self._odd[asked] += 1
        if self._odd[asked] >= _ODD:
            self.single.add(asked)
