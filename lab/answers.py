"""What do many agents answer to questions that were asked before, all of them at once?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lab.agent import Agent
from lab.city import City
from lab.memory import ALONE, STRIDE, Memory
from lab.mirror import OF_PORTS, Ints, Mirror

Bytes = npt.NDArray[np.uint8]
_ID: Final = np.arange(4)
# A number of n bytes lies below the n-th of these: the first bit is its sign.
_WIDER: Final = np.array([1 << (8 * size - 1) for size in range(1, 8)], np.int64)


class Known(NamedTuple):
    """Questions that are known: row of each in the batch, agent, number and request-id."""

    rows: list[int]
    agents: list[int]
    questions: list[int]
    ids: list[bytes]

    def some(self, which: list[int]) -> Known:
        """These of them."""
        return Known(
            [self.rows[n] for n in which],
            [self.agents[n] for n in which],
            [self.questions[n] for n in which],
            [self.ids[n] for n in which],
        )


class Answers:
    """Answers made side by side, as the agents would give them one by one."""

    def __init__(self, city: City, agents: Sequence[Agent]) -> None:
        self._city, self._agents = city, agents
        self.mirror = Mirror(city, [(agent.device, agent.community) for agent in agents])
        self._memory = Memory()

    def question(self, number: int, packet: bytes) -> tuple[int, bytes]:
        """What an agent is asked: number of the question and request-id.

        `ALONE`, when it must be asked itself.
        """
        form = self.mirror.forms[number]
        if form is None:
            return ALONE, b""
        hole = form.holes.get(len(packet))
        if hole:
            known = form.known.get(packet[:hole] + packet[hole + 4 :])
            if known is not None:
                return known, packet[hole : hole + 4]
        return self._memory.learn(self._agents[number], form, packet)

    def answer(self, known: Known, time: int) -> tuple[Bytes, Ints]:
        """uint8[questions, STRIDE] and the size of each answer; 0 = it must be asked itself."""
        memory = self._memory
        memory.make_room()
        questions = np.array(known.questions, np.int64)
        places, counts = memory.fields.spread(questions)
        values = self._values(known, questions, places, counts, time)
        widths = np.searchsorted(_WIDER, values, "right") + 1
        told, ends = widths.astype(np.uint8).tobytes(), np.cumsum(counts).tolist()
        found = [
            memory.answer(question, told[end - count : end])
            for question, end, count in zip(known.questions, ends, counts.tolist(), strict=True)
        ]
        if ALONE in found:
            return self._some([n for n, row in enumerate(found) if row != ALONE], known, time)
        answers = np.array(found, np.int64)
        rows = memory.rows[answers]
        flat = rows.reshape(-1)
        first = np.arange(len(answers)) * STRIDE
        ids = np.frombuffer(b"".join(known.ids), np.uint8).reshape(-1, 4)
        flat[(first + memory.id_at[answers])[:, None] + _ID] = ids
        at = memory.places.flat[0, memory.places.spread(answers)[0]] + np.repeat(first, counts)
        for byte in range(int(widths.max(initial=0))):
            some = widths > byte
            flat[(at + widths - 1 - byte)[some]] = (values >> 8 * byte)[some] & 0xFF
        return rows, memory.sizes[answers]

    def _some(self, some: list[int], known: Known, time: int) -> tuple[Bytes, Ints]:
        """The answers to some of the questions; the others are too big today."""
        rows = np.zeros((len(known.rows), STRIDE), np.uint8)
        sizes = np.zeros(len(known.rows), np.int64)
        if some:
            rows[some], sizes[some] = self.answer(known.some(some), time)
        return rows, sizes

    def _values(self, known: Known, questions: Ints, places: Ints, counts: Ints, time: int) -> Ints:
        """The numbers that the answers hold, one after the other."""
        agents = np.array(known.agents, np.int64)
        ports, asked = self._memory.ports.spread(questions)
        entries = self._memory.ports.flat[0, ports] + np.repeat(self.mirror.first[agents], asked)
        pool = self.mirror.pool(time, agents, entries)
        source, port, per, mask = self._memory.fields.flat[:, places]
        rows = np.repeat(np.arange(len(agents)), counts)
        of_port = source < len(OF_PORTS)
        begin = np.where(
            of_port,
            source * len(entries) + (np.cumsum(asked) - asked)[rows] + port,
            len(OF_PORTS) * len(entries) + (source - len(OF_PORTS)) * len(agents) + rows,
        )
        values: Ints = pool[begin] // per & mask
        return values
