"""Answers made once a second for all readers who may see the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from alerts.picture import Picture
from alerts.verdict import Verdict

_MOST = 1000


class _Made(NamedTuple):
    verdict: Verdict
    second: int
    answer: Any


class Shelf:
    """Keeps one answer a key; it is made anew when states changed or the second is over."""

    def __init__(self) -> None:
        self._made: dict[Hashable, _Made] = {}
        self._one = threading.Lock()

    def get(self, key: Hashable, picture: Picture, make: Callable[[], Any]) -> Any:
        """The answer to `key` for this picture, at most a second old. It must not be changed."""
        second = picture.now // 1000
        with self._one:  # made by one, waited for by all: ten readers cost one answer
            made = self._made.get(key)
            if made is None or made.verdict is not picture.verdict or made.second != second:
                if len(self._made) >= _MOST:
                    self._made.clear()
                made = self._made[key] = _Made(picture.verdict, second, make())
            return made.answer
