"""How far is each device with the questions of its round? A row for each, told in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.vector.layout import Ints

_AT_ONCE: Final = 6  # questions in flight to one device, once it answers
_AGAIN: Final = 4  # questions that one who answers may be put anew, when none of their tries came


class Done(NamedTuple):
    """Tickets that are over: those read whole, and those somebody has to look closer at."""

    whole: Ints
    broken: Ints


class Tickets:
    """Rounds under way. Their questions follow each other by number.

    Attributes, by ticket:
        values: int64, how many came. uptime: uint32, sysUpTime as told last, 0 = not told.
        changed: int64, ifTableLastChange, -1 = not told. renamed: bool, a row had another name.
        odd: bool, an answer was none, or an error. crowded: bool, one was lost while several flew.
        unsent: bool, a question could not leave this machine.
    """

    def __init__(self) -> None:
        self._next = np.zeros(0, np.int64)  # the next question to be put, and the one behind all
        self._end = np.zeros(0, np.int64)
        self._at_once = np.zeros(0, np.int64)
        self._first = np.zeros(0, np.int64)
        self._flying = np.zeros(0, np.int64)
        self._again = np.zeros(0, np.int64)
        self._over = np.zeros(0, bool)  # nothing more is put
        self.values = np.zeros(0, np.int64)
        self.uptime = np.zeros(0, np.uint32)
        self.changed = np.zeros(0, np.int64)
        self.renamed = np.zeros(0, bool)
        self.odd = np.zeros(0, bool)
        self.crowded = np.zeros(0, bool)
        self.unsent = np.zeros(0, bool)
        self._owner = np.zeros(0, np.int64)  # by question: its ticket, -1 = it is not put
        self._free: list[int] = []

    def open(self, questions: Sequence[range], weak: Sequence[bool], alive: Sequence[bool]) -> Ints:
        """A ticket for each of these rounds.

        A weak device is never put two at once; one not known to be alive is put one first.
        """
        while len(self._free) < len(questions):
            self._grow()
        opened = np.array([self._free.pop() for _ in questions], np.int64)
        self._next[opened] = [each.start for each in questions]
        self._end[opened] = ends = [each.stop for each in questions]
        at_once = np.where(weak, 1, _AT_ONCE)
        self._at_once[opened], self._first[opened] = at_once, np.where(alive, at_once, 1)
        self._again[opened], self.changed[opened] = _AGAIN, -1
        for told in (
            self._flying, self.values, self.uptime, self._over, self.renamed, self.odd,
            self.crowded, self.unsent,
        ):  # fmt: skip
            told[opened] = 0
        if len(self._owner) < max(ends):
            self._owner = _longer(self._owner, max(ends), -1)
        return opened

    def close(self, tickets: Ints) -> None:
        """These numbers may be given anew."""
        self._free.extend(tickets.tolist())

    def of(self, questions: Ints) -> Ints:
        """The tickets of questions that are put."""
        return np.asarray(self._owner[questions], np.int64)

    def silent(self, ticket: int) -> bool:
        """Whether nothing at all came, and that is all there is to say."""
        return not (self.values[ticket] or self.odd[ticket] or self.unsent[ticket])

    def first(self, tickets: Ints) -> Ints:
        """What to put to those that were just opened."""
        left = self._end[tickets] - self._next[tickets]
        return self._put(tickets, np.minimum(self._first[tickets], left))

    def came(self, questions: Ints, said: dict[str, Any], renamed: Any, binds: int) -> Ints:
        """Take note of answers of `binds` values each; the tickets they belong to, -1 = of none."""
        tickets = self._owner[questions]
        mine = tickets >= 0
        own = tickets[mine]
        np.subtract.at(self._flying, own, 1)
        np.add.at(self.values, own, binds)
        self.uptime[own] = said["uptime"][mine]
        if "changed" in said:
            told = mine & (said["changed"] >= 0)
            self.changed[tickets[told]] = said["changed"][told]
        self.renamed[tickets[mine & renamed]] = True
        self._owner[questions] = -1
        return np.asarray(tickets, np.int64)

    def late(self, questions: Ints) -> tuple[Ints, Ints]:
        """Take note of questions nobody answered: their tickets, and which are to be put again.

        One who has answered others may only have been overrun; one who is known to lose questions
        gets a second chance with the first of them.
        """
        tickets = self._owner[questions]
        questions, tickets = questions[tickets >= 0], tickets[tickets >= 0]
        self.crowded[tickets] |= self._flying[tickets] > 1
        np.subtract.at(self._again, tickets, 1)
        chances = self._again[tickets]
        weak = (self._at_once[tickets] == 1) & (chances == _AGAIN - 1)
        anew = ((self.values[tickets] > 0) & (chances >= 0)) | weak
        lost, mine = questions[~anew], tickets[~anew]
        self._owner[lost] = -1
        np.subtract.at(self._flying, mine, 1)
        self._over[mine] = True
        return mine, questions[anew]

    def lost(self, questions: Ints, why: npt.NDArray[np.bool_]) -> Ints:
        """Take note of questions without a good answer in `odd` or `unsent`; their tickets."""
        tickets = self._owner[questions]
        tickets = tickets[tickets >= 0]
        self._owner[questions] = -1
        np.subtract.at(self._flying, tickets, 1)
        self._over[tickets] = why[tickets] = True
        return tickets

    def more(self, tickets: Ints) -> tuple[Ints, Done]:
        """What to put next to those of whom something was noted, and who of them is through."""
        tickets = np.unique(tickets[tickets >= 0])
        most = np.where(self.values[tickets] > 0, self._at_once[tickets], self._first[tickets])
        room = np.where(self._over[tickets], 0, most - self._flying[tickets])
        some = self._put(tickets, np.clip(room, 0, self._end[tickets] - self._next[tickets]))
        done = tickets[self._flying[tickets] == 0]
        whole = ~(self._over[done] | self.renamed[done])
        return some, Done(done[whole], done[~whole])

    def _put(self, tickets: Ints, counts: Ints) -> Ints:
        """So many questions of each."""
        owner = np.repeat(tickets, counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        some = np.repeat(self._next[tickets], counts) + within
        self._next[tickets] += counts
        self._flying[tickets] += counts
        self._owner[some] = owner
        return some

    def _grow(self) -> None:
        before = len(self._next)
        size = max(256, 2 * before)
        for name in (
            "_next", "_end", "_at_once", "_first", "_flying", "_again", "_over", "values", "uptime",
            "changed", "renamed", "odd", "crowded", "unsent",
        ):  # fmt: skip
            setattr(self, name, _longer(getattr(self, name), size, 0))
        self._free.extend(range(size - 1, before - 1, -1))


def _longer(held: npt.NDArray[Any], size: int, fill: int) -> npt.NDArray[Any]:
    more = np.full(max(size, 2 * len(held)) - len(held), fill, held.dtype)
    return np.concatenate([held, more])
