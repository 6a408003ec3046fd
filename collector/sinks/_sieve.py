"""Which rows of a refused body are the bad ones? Its halves are tried until they stand alone.

A server that takes nothing of a body with a bad row in it, and one that has stored the rest (what
InfluxDB calls a partial write), are treated alike: to write a row twice changes nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from collector.sinks import Refusal
from edunet.errors import DeliveryError

MOST_TRIES: Final = 1000  # for one body; what has not been told apart by then is given up together
MOST_WORDS: Final = 5
LATE: Final = re.compile("out of order|out of bounds|too old|duplicate sample", re.IGNORECASE)
_FEW: Final = 8

Attempt = Callable[[range], None]
"""Send these rows alone; raises DeliveryError."""


class Sieve:
    """Sifts one body; `bad` are the rows that were refused, `words` what was said of them."""

    def __init__(self, attempt: Attempt, most: int = MOST_TRIES) -> None:
        self.bad: list[range] = []
        self.words: list[str] = []
        self._attempt = attempt
        self._left = most

    def sift(self, rows: range) -> None:
        """Send rows, and whatever of them must be sent alone.

        Raises:
            DeliveryError: for another reason than the rows; all of them have to be sent again.
        """
        words = self._refused(rows)
        if words is not None:
            self.divide(rows, words)

    def refusal(self, text: Callable[[range], bytes], suffix: str = "lp") -> Refusal | None:
        """The bad rows in their order, as text."""
        if not self.bad:
            return None
        bad = sorted(self.bad, key=lambda rows: rows.start)
        late = all(LATE.search(words) for words in self.words)
        return Refusal(b"\n".join(map(text, bad)), "\n".join(self.words), suffix, late)

    def _refused(self, rows: range) -> str | None:
        self._left -= 1
        try:
            self._attempt(rows)
        except DeliveryError as error:
            if not error.permanent:
                raise
            return str(error)
        return None

    def divide(self, rows: range, words: str) -> None:
        """Go on with rows that were refused together.

        Raises:
            DeliveryError: as `sift` does.
        """
        if len(rows) == 1 or self._left <= 0 or _dropped(words) >= len(rows):
            self._give_up(rows, words)
            return
        middle = len(rows) // 2
        halves = rows[:middle], rows[middle:]
        answers = [self._refused(half) for half in halves]
        # A measurement of another type, a bucket that takes nothing: every row is bad, and to try
        # each of ten thousand says no more than to try three.
        if None not in answers and len(rows) > _FEW and self._hopeless(rows):
            self._give_up(rows, words)
            return
        for half, answer in zip(halves, answers, strict=True):
            if answer is not None:
                self.divide(half, answer)

    def _hopeless(self, rows: range) -> bool:
        singles = (rows[:1], rows[len(rows) // 2 :][:1], rows[-1:])
        return all(self._refused(single) is not None for single in singles)

    def _give_up(self, rows: range, words: str) -> None:
        self.bad.append(rows)
        if words not in self.words and len(self.words) < MOST_WORDS:
            self.words.append(words)


def sifted(lines: Iterable[bytes], words: str, post: Callable[[bytes], None]) -> Refusal | None:
    """Which of the lines that were refused together, with these words, are refused for good.

    Raises:
        DeliveryError: for another reason than the lines.
    """
    each = list(lines)

    def joined(rows: range) -> bytes:
        return b"\n".join(each[rows.start : rows.stop])

    sieve = Sieve(lambda rows: post(joined(rows)))
    sieve.divide(range(len(each)), words)
    return sieve.refusal(joined)


def merged(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Those of the same words as one: one file for a person to look at."""
    alike: dict[tuple[str, str, bool], list[bytes]] = {}
    for body, words, suffix, late in refusals:
        alike.setdefault((words, suffix, late), []).append(body)
    return [Refusal(b"\n".join(bodies), *why) for why, bodies in alike.items()]


def _dropped(words: str) -> int:
    """How many points a partial write of InfluxDB says it has dropped; 0 when it does not say."""
    said = re.search(r"partial write: .*\bdropped=(\d{1,9})", words, re.DOTALL)
    return int(said[1]) if said else 0
