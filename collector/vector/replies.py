"""Which replies may be believed? Those that answer what is in flight, whole, plainly, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.snmp import ber
from collector.vector.batch import STRIDE, Batch
from collector.vector.decode import Heads, Values, heads, same_sender, same_text, values
from collector.vector.flight import MOST, Flight
from collector.vector.layout import Ints, Layout
from collector.vector.plan import Plans

_ID_WITHIN: Final = 72  # bytes of a message that its request-id is looked for in
NONE: Final = np.zeros(0, np.int64)


Why = Literal["unclaimed", "foreign", "community", "duplicate", "oversized", "malformed"]
"""Why a datagram is not taken: see `Replies`."""


class Came(NamedTuple):
    """Answers of one layout that can be believed: questions by number, and their values."""

    layout: Layout
    questions: npt.NDArray[np.int64]
    values: Values
    renamed: npt.NDArray[np.bool_]  # bool[m, rows]: another name than expected, or nothing


class Lost(NamedTuple):
    """Questions that have no such answer.

    `late`: never one, or nobody is there. `odd`: an error, or one that is not plainly written.
    `unsent`: they cannot leave this machine.
    """

    late: Ints = NONE
    odd: Ints = NONE
    unsent: Ints = NONE


class Replies:
    """Takes what came out of the flight. `dropped`: datagrams that were not taken, by reason.

    `unclaimed`: it answers nothing that is in flight (late, or told again); `foreign`: from
    another address or port; `community`: with another one; `duplicate`: a second answer in the
    same moment; `oversized`: more than a datagram that is not fragmented, and none of those either;
    `malformed`: no answer at all.
    """

    def __init__(self, plans: Plans, flight: Flight, told: Callable[[str, int], None]) -> None:
        self._plans, self._flight, self._told = plans, flight, told
        self.dropped: Counter[str] = Counter()
        self._last = np.zeros(MOST, np.int64)  # by place: the row of its answer in the batch

    def read(self, batch: Batch, count: int) -> tuple[list[Came], Lost]:
        """What these datagrams answer."""
        head = heads(batch, count)
        rows, places = self._claimed(batch, head, count)
        questions = self._flight.asked[places]
        self._flight.land(places)
        came: list[Came] = []
        odd = [self._broken(batch, head, count)]
        for number in np.unique(self._plans.layout[questions]).tolist():
            mine = self._plans.layout[questions] == number
            layout, asked, at = self._plans.layouts[number], questions[mine], rows[mine]
            template = self._plans.template[asked].astype(np.int64)
            local = self._plans.local[asked].astype(np.int64)
            said = values(batch, layout, template, local, head.values[at], head.end[at])
            good = said.plain
            odd.append(asked[~good])
            if good.any():
                came.append(self._named(batch, layout, asked[good], said.of(good)))
        return came, Lost(odd=np.concatenate(odd))

    def _named(self, batch: Batch, layout: Layout, asked: Ints, said: Values) -> Came:
        if not layout.form.name:  # of a row without a name, only that it is gone can be told
            return Came(layout, asked, said, layout.lacking(said.tags))
        local, names = self._plans.local[asked], layout.names
        at, size = said.starts[:, names], said.lengths[:, names]
        same = same_text(batch, at, size, layout.said[local], layout.lengths[local])
        return Came(layout, asked, said, ~(same & (said.tags[:, names] == ber.OCTETS)))

    def _claimed(self, batch: Batch, head: Heads, count: int) -> tuple[Ints, Ints]:
        """Which replies answer what is in flight, from the right place and once: rows, places."""
        places = (head.ids & np.uint32(MOST - 1)).astype(np.int64)
        known = head.plain & (self._flight.ids[places] == head.ids)
        self._drop("unclaimed", int((head.plain & ~known).sum()))
        asked = self._flight.asked[places]
        from_there = same_sender(batch.names[:count], self._plans.addresses[asked])
        self._drop("foreign", int((known & ~from_there).sum()))
        datagram = self._plans.datagram[asked]
        ours = same_text(
            batch, head.community, head.size,
            self._plans.communities[datagram], self._plans.community_sizes[datagram],
        )  # fmt: skip
        self._drop("community", int((known & from_there & ~ours).sum()))
        rows = np.flatnonzero(known & from_there & ours)
        self._last[places[rows[::-1]]] = rows[::-1]  # of several, the first stays
        once = self._last[places[rows]] == rows
        self._drop("duplicate", int((~once).sum()))
        return rows[once], places[rows[once]]

    def _broken(self, batch: Batch, head: Heads, count: int) -> Ints:
        """Questions whose answers are errors, or not plainly written: found by their id alone.

        Whoever sent such a thing has only brought the question to the scalar client sooner.
        """
        found: list[int] = []
        for row in np.flatnonzero(~head.plain).tolist():
            place = self._place_of(batch, row)
            if place is None:
                self._drop("oversized" if batch.lengths[row] > STRIDE else "malformed", 1)
                continue
            found.append(int(self._flight.asked[place]))
            self._flight.land(np.array([place]))
        return np.array(found, np.int64)

    def _drop(self, reason: Why, count: int) -> None:
        if count:
            self.dropped[reason] += count
            self._told(reason, count)

    def _place_of(self, batch: Batch, row: int) -> int | None:
        data = batch.rows[row, : min(int(batch.lengths[row]), _ID_WITHIN)].tobytes()
        for start in range(len(data)):
            if data[start : start + 2] == b"\x02\x04":
                number = int.from_bytes(data[start + 2 : start + 6])
                place = number & (MOST - 1)
                asked = int(self._flight.asked[place])
                if (
                    self._flight.ids[place] == number
                    and number
                    and same_sender(
                        batch.names[row : row + 1], self._plans.addresses[asked : asked + 1]
                    ).all()
                ):
                    return place
        return None
