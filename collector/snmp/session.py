"""One device asked in SNMPv3: found out who it is, what its clock says, and asked again."""

from __future__ import annotations

import secrets
from typing import Final, NamedTuple

from collector.snmp import reports, v3
from collector.snmp.engine import Engine, StaleError
from collector.snmp.engines import Engines, Heard
from collector.snmp.pdu import RESPONSE, Decode, Pdu, decode
from collector.snmp.usm import User
from collector.snmp.wire import Address, NoAnswerError, Wire
from edunet.clock import Clock
from edunet.errors import AuthError, ProbeError
from edunet.secrets import Access

_MOST_STEPS: Final = 5  # who are you, what time is it, the question; once again after a restart


class _ForgetfulError(ProbeError):
    """The agent's clock went back: it restarted, and did not count that."""


class Question(NamedTuple):
    """A PDU, its request-id, and what reads its answer."""

    pdu: bytes
    id: int
    by: Decode = decode


class Session:
    """What one device knows of us and we of it. It is asked one thing at a time."""

    def __init__(
        self, device: str, access: Access, wire: Wire, clock: Clock, engines: Engines
    ) -> None:
        """`engines` tells what an earlier session heard, and is told what this one hears."""
        self.access = access
        self._user = User(access.user, access.auth, access.priv, access.context)
        self._device, self._wire, self._clock, self._engines = device, wire, clock, engines
        self._engine = self._recalled()
        self._heard = False  # it has answered a question

    def _recalled(self) -> Engine:
        heard = self._engines.recall(self._device) if self._user.level else None
        if heard is None:
            return Engine()
        # The clock of records has gone on while nobody ran; where it was set back, none of it has.
        passed = max(0, self._clock.now() - heard.at) // 1000
        return Engine.recalled(heard.id, heard.boots, heard.time + passed, self._clock.ticks())

    def engine(self, now_ns: int) -> tuple[int, int] | None:
        """snmpEngineBoots and snmpEngineTime in seconds, once an authentic message told them."""
        engine = self._engine
        return (engine.boots, engine.time(now_ns)) if engine.timely else None

    async def ask(self, address: Address, port: int, question: Question, seconds: float) -> Pdu:
        """The answer to the question; so many seconds for each step.

        Raises:
            AuthError: the agent refuses, in words that say what to correct.
            ProbeError: no answer that could be believed.
        """
        for _ in range(_MOST_STEPS):
            try:
                said = await self._step(address, port, question, seconds)
            except _ForgetfulError:
                self._engine = Engine()
                continue
            except NoAnswerError:
                unheard = self._engine.timely and not self._heard
                if unheard and (self._user.priv or self._user.context):
                    raise AuthError(reports.silence(self._user)) from None
                if self._engine.unconfirmed:  # what was recalled may be somebody else's
                    self._engine = Engine()
                raise
            if self._engine.timely:
                self._remember(address, port)
            if said.report is None:
                self._heard = True
                return said.pdu
            if said.report.again:
                continue
            if said.report.counter != reports.UNKNOWN_ENGINE_IDS:
                raise AuthError(said.report.words)
            self._engine = Engine()  # another agent answers there now
        raise AuthError("the agent's clock and engine id never come to rest")

    def _remember(self, address: Address, port: int) -> None:
        engine = self._engine
        time = engine.time(self._clock.ticks())
        heard = Heard(engine.id, engine.boots, time, self._clock.now())
        self._engines.hear(self._device, (address, port), heard)

    async def _step(
        self, address: Address, port: int, question: Question, seconds: float
    ) -> v3.Opened:
        message, engine, user = secrets.randbits(31), self._engine, self._user
        if engine.known:
            packet = v3.seal(user, engine, question.pdu, message, self._clock.ticks())
        else:
            packet = v3.discovery(message, question.id)

        def claim(data: bytes) -> v3.Opened | None:
            if v3.msg_id(data) != message:
                return None
            try:
                said = v3.opened(user, engine, data, self._clock.ticks(), question.by)
            except StaleError as error:
                raise _ForgetfulError(str(error)) from None
            answers = said.pdu.kind == RESPONSE and said.pdu.id == question.id
            return said if said.report or answers else None

        return await self._wire.ask(address, port, packet, claim, seconds)
