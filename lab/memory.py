"""What was asked before, compiled: which numbers an answer holds, and the bytes around them."""

from __future__ import annotations

from typing import Final

import numpy as np

from lab import ber
from lab.agent import Agent
from lab.form import Form
from lab.mib import Field, Own
from lab.mirror import OF_PORTS, SOURCES
from lab.ragged import Ragged
from lab.reply import MAX_BYTES, pairs, room
from lab.view import contents

STRIDE: Final = 1536  # bytes of an answer's row
ALONE: Final = -1  # a question that each agent has to be asked itself
_ASIDE: Final = STRIDE - 16  # where a number goes for which an answer has no room
_ID: Final = 4  # bytes of a request-id that can be put in; clients that count use no others
_MOST_QUESTIONS: Final = 20_000
_MOST_ANSWERS: Final = 60_000  # 90 MB of rows


class Question:
    """One question as it is put to all devices of one form.

    Attributes:
        pairs: name and value of each varbind; of a value that changes its tag alone.
        moving: which of them change, in their order.
        answers: row of the answer, by how many bytes each of those takes.
    """

    def __init__(self, asked: ber.Request, found: list[tuple[bytes, bytes]]) -> None:
        self.asked, self.pairs = asked, found
        self.moving = [number for number, (_, value) in enumerate(found) if len(value) == 1]
        self.answers: dict[bytes, int] = {}


class Memory:
    """Questions and answers by number.

    Attributes:
        ports: by question, the ports it asks for, as ranks among those that hold a link.
        fields: by question, what it asks for: number in `SOURCES`, number among its ports or 0,
            divisor and mask.
        rows: uint8[answers, STRIDE], with room for the id and the numbers; sizes, id_at: how long
            each is, where the id stands. places: by answer, where each number begins.
    """

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self._learnt = 0
        self.ports, self.fields = Ragged(1), Ragged(4)
        self._forget()

    def _forget(self) -> None:
        """All answers: they are made anew when they are needed."""
        self.rows = np.zeros((64, STRIDE), np.uint8)
        self.sizes, self.id_at = np.zeros((2, 64), np.int64)
        self.places = Ragged(1)
        for question in self.questions:
            question.answers.clear()

    def learn(self, agent: Agent, form: Form, packet: bytes) -> tuple[int, bytes]:
        """The number of a question that came to a device of this form, or `ALONE`; and its id."""
        hole = id_at(packet)
        if not hole:
            return ALONE, b""
        form.holes[len(packet)] = hole
        key = packet[:hole] + packet[hole + _ID :]
        number = form.known.get(key)
        if number is None and self._learnt < _MOST_QUESTIONS:
            self._learnt += 1
            number = form.known[key] = self._compiled(agent, form, packet)
        return ALONE if number is None else number, packet[hole : hole + _ID]

    def _compiled(self, agent: Agent, form: Form, packet: bytes) -> int:
        try:
            asked = ber.request(packet)
            if not agent.knows(asked) or asked.version != ber.V2C:
                return ALONE
            # As much as may find room when all numbers are small.
            found = pairs(asked, agent.view(), 2 * MAX_BYTES)
        except ber.MalformedError:
            return ALONE
        ranks: dict[int, int] = {}
        fields = []
        least = 0  # bytes, were all numbers small: what is behind that finds no room at any time
        for at, (name, value) in enumerate(found):
            if asked.kind == ber.GETBULK and least > room(asked):
                del found[at:]
                break
            least += len(name) + 4
            object_ = None if value[0] >= 0x80 else agent.object(contents(name))
            if object_ is None:
                continue
            read, row = object_
            if isinstance(read, Own):
                return ALONE
            if not isinstance(read, Field):
                continue
            rank = 0
            if read.source in OF_PORTS:
                if row not in form.ranks:
                    continue
                rank = ranks.setdefault(form.ranks[row], len(ranks))
            fields.append((SOURCES.index(read.source), rank, read.per, read.mask))
            found[at] = name, value[:1]
        self.questions.append(Question(asked, found))
        self.ports.add(np.array([list(ranks)], np.int64))
        self.fields.add(np.array(fields, np.int64).reshape(-1, 4).T)
        return len(self.questions) - 1

    def make_room(self) -> None:
        """Called before some answers are looked up together: their rows must last as long."""
        if self.places.lists >= _MOST_ANSWERS:
            self._forget()

    def answer(self, number: int, widths: bytes) -> int:
        """The row of the answer with numbers of so many bytes, or `ALONE`."""
        question = self.questions[number]
        known = question.answers.get(widths)
        if known is None:
            known = question.answers[widths] = self._written(question, widths)
        return known

    def _written(self, question: Question, widths: bytes) -> int:
        asked, space = question.asked, room(question.asked)
        body, places = bytearray(), [_ASIDE] * len(widths)
        moving = dict(zip(question.moving, range(len(widths)), strict=True))
        for number, (name, value) in enumerate(question.pairs):
            width = 0
            if number in moving:
                width = widths[moving[number]]
                value = ber.element(value[0], bytes(width))
            bind = ber.element(ber.SEQUENCE, name + value)
            if len(body) + len(bind) > space:
                if asked.kind != ber.GETBULK:
                    return ALONE
                break
            body += bind
            if width:
                places[moving[number]] = len(body) - width
        packet = ber.response(asked, bytes(body))
        row = self.places.lists
        if row == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
            self.sizes = np.concatenate([self.sizes, np.zeros_like(self.sizes)])
            self.id_at = np.concatenate([self.id_at, np.zeros_like(self.id_at)])
        self.rows[row, : len(packet)] = np.frombuffer(packet, np.uint8)
        self.sizes[row], self.id_at[row] = len(packet), id_at(packet)
        head = len(packet) - len(body)
        self.places.add(np.array([[p if p == _ASIDE else head + p for p in places]], np.int64))
        return row


def id_at(packet: bytes) -> int:
    """Where the four bytes of the request-id stand in a message; 0 = where they do not."""
    try:
        at = _inside(packet, 0) + 3  # the version
        at = _inside(packet, at) + packet[at + 1]  # the community, of less than 128 bytes
        at = _inside(packet, at)
    except IndexError:
        return 0
    return at + 2 if packet[at : at + 2] == b"\x02\x04" and at + 12 <= len(packet) else 0


def _inside(packet: bytes, at: int) -> int:
    return at + 2 + (packet[at + 1] & 0x7F if packet[at + 1] & 0x80 else 0)
