"""Which questions is an ask in batches? Remembered while nothing changes that could tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from collector.transports import Ask, Row
from collector.vector.learnt import Learnt
from collector.vector.plan import Plans
from edunet.facts import Port
from edunet.inventory.model import Device
from edunet.secrets import Access

NONE: Final = range(0)


class _Known(NamedTuple):
    """The questions of an ask, and what they were made for."""

    ports: tuple[Port | Row, ...]
    engine: bool
    dated: bool
    questions: range


class Asking:
    """`single` and `modest` say who is asked singly, and who not by GETBULK, whatever we learnt.

    Attributes:
        under_way: the first question of each round that is not over: those stay what they are.
    """

    def __init__(
        self,
        access: Callable[[Device], Access],
        single: Callable[[Device], bool],
        modest: Callable[[Device], bool],
        plans: Plans,
        learnt: Learnt,
    ) -> None:
        self._access, self._single, self._modest = access, single, modest
        self._plans, self._learnt = plans, learnt
        self._known: dict[tuple[str, str, bool], _Known] = {}
        self.under_way: set[int] = set()

    def questions(self, ask: Ask) -> range:
        """The questions of an ask; none where it must be asked singly, or is under way."""
        known = self._known.get((ask.device.id, ask.table, ask.full))
        if (
            known is not None
            and known.ports is ask.ports
            and known.engine == ask.engine
            and known.dated == ask.dated
        ):
            questions = known.questions
        else:
            questions = self._planned(ask)
        return NONE if questions.start in self.under_way else questions

    def forget(self, device: Device, table: str) -> None:
        """Something was learnt of this table of the device: think again."""
        for full in (False, True):
            self._known.pop((device.id, table, full), None)

    def _planned(self, ask: Ask) -> range:
        device, asked = ask.device, (ask.device.id, ask.table)
        if asked in self._learnt.single or self._single(device):
            return NONE
        access = self._access(device)
        if access.version != "2c" or self._plans.begins(ask) in self.under_way:
            return NONE
        by_name = asked in self._learnt.by_name or self._modest(device)
        bulk = ask.full and bool(ask.ports) and not by_name
        questions = self._plans.of(ask, access.community, bulk)
        if questions:
            known = _Known(ask.ports, ask.engine, ask.dated, questions)
            self._known[*asked, ask.full] = known
        return questions
