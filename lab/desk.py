"""Of a batch of questions: which are answered together, and which must be answered one by one?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from random import Random
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lab.agent import Agent
from lab.answers import Answers, Known
from lab.city import City
from lab.memory import ALONE
from lab.mmsg import Batch

Rows = npt.NDArray[np.int64]


class Late(NamedTuple):
    """An answer that is under way for so many seconds: the row asked in, and the datagram."""

    row: int
    seconds: float
    reply: bytes


class Sorted(NamedTuple):
    """What becomes of a batch.

    `alone`: rows to be answered one by one. `rows`: int64, the rows that `replies` and `sizes`
    belong to: uint8[rows, bytes] and how many of them. The other rows get no answer.
    """

    alone: list[int]
    late: list[Late]
    rows: Rows
    replies: npt.NDArray[np.uint8]
    sizes: Rows


class Desk:
    """All agents of one port, for many questions at once."""

    def __init__(self, city: City, agents: Mapping[bytes, Agent], dice: Random) -> None:
        """`agents`: by address. `dice` decides what is lost on a bad way."""
        self._city, self._dice = city, dice
        self._numbers: Final = {
            int.from_bytes(address, sys.byteorder): n for n, address in enumerate(agents)
        }
        self._answers = Answers(city, list(agents.values()))

    def sort(self, batch: Batch, came: int) -> Sorted:
        """What becomes of the first datagrams of a batch, by the city of this moment."""
        mirror = self._answers.mirror
        mirror.follow()
        known = Known([], [], [], [])
        alone: list[int] = []
        drawn: dict[int, float] = {}
        numbers, answers, ways = self._numbers, mirror.answers, mirror.ways
        data, at = batch.data, 0
        asked, sizes = batch.asked[:came].tolist(), batch.sizes[:came].tolist()
        for row in range(came):
            number = numbers.get(asked[row])
            if number is not None and answers[number]:
                packet = data[at : at + sizes[row]].tobytes()
                question, request_id = self._answers.question(number, packet)
                if question == ALONE:
                    alone.append(row)
                elif number not in ways or self._comes(row, number, drawn):
                    known.rows.append(row)
                    known.agents.append(number)
                    known.questions.append(question)
                    known.ids.append(request_id)
            at += batch.stride
        return self._answered(known, alone, drawn)

    def _comes(self, row: int, number: int, drawn: dict[int, float]) -> bool:
        late = self._answers.mirror.ways[number].draw(self._dice)
        if late:
            drawn[row] = late
        return late is not None

    def _answered(self, known: Known, alone: list[int], drawn: dict[int, float]) -> Sorted:
        rows = np.array(known.rows, np.int64)
        replies, sizes = self._answers.answer(known, self._city.time())
        late: list[Late] = []
        if drawn or not sizes.all():
            alone += rows[sizes == 0].tolist()
            late += [
                Late(row, drawn[row], replies[n, : sizes[n]].tobytes())
                for n, row in enumerate(known.rows)
                if row in drawn and sizes[n]
            ]
            now = (sizes > 0) & ~np.isin(rows, list(drawn))
            rows, replies, sizes = rows[now], replies[now], sizes[now]
        return Sorted(alone, late, rows, replies, sizes)
