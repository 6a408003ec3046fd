"""Which of the known names did the writer mean?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from edunet.inventory.finding import quote

SHOWN: Final = 8
LONGEST: Final = 64
FEW: Final = 100
ALIKE: Final = 0.7


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The one of a few `known` words that looks most like `written`, or None."""
    found = get_close_matches(written[:LONGEST], list(known), n=1, cutoff=ALIKE)
    return found[0] if found else None


class Names:
    """Many names: the one that a misspelling meant is found by a look-up, not by a scan."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._slips: dict[str, str] | None = None
        self._alike: dict[str, str | None] = {}

    def near(self, written: str) -> str | None:
        """The name that is one slip away: a letter more, less, other, or two exchanged.

        Of a few names, also one that merely looks like it.
        """
        if self._slips is None:
            self._slips = {}
            for name in self._names:
                for slip in _slips(name):
                    self._slips.setdefault(slip, name)
        found = next((self._slips[slip] for slip in _slips(written) if slip in self._slips), None)
        return found or self._looks_like(written)

    def _looks_like(self, written: str) -> str | None:
        # Comparing is slow, so only few words are compared with few names.
        if written not in self._alike and max(len(self._names), len(self._alike)) <= FEW:
            self._alike[written] = nearest(written, self._names)
        return self._alike.get(written)

    def remedy(self, written: str, section: str) -> str:
        """What to write instead of a name that is not there."""
        if name := self.near(written):
            return f"write {quote(name)}, or add it to {section}"
        if 0 < len(self._names) <= SHOWN:
            return f"write one of {', '.join(sorted(self._names))}, or add it to {section}"
        return f"add it to {section}"


def _slips(word: str) -> Iterator[str]:
    """The word itself, then without each of its letters."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
