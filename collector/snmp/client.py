"""Puts a question to a device in the language it wants, again when nothing comes, and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from collector.snmp.ber import MalformedError
from collector.snmp.community import V1, V2C, opened, sealed
from collector.snmp.engines import Engines
from collector.snmp.pdu import (
    GEN_ERR,
    GET,
    GETBULK,
    GETNEXT,
    NO_SUCH_NAME,
    TOO_BIG,
    Pdu,
    Value,
    decode,
    question,
)
from collector.snmp.session import Question, Session
from collector.snmp.sheet import Plain, Sheet, request_id
from collector.snmp.sweep import Sweep
from collector.snmp.wire import Address, NoAnswerError, Wire
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.inventory.model import Device
from edunet.secrets import Access

TIMEOUTS: Final = (1.0, 2.0)  # seconds; as many tries. A satellite needs 0.7
_MOST_BROKEN: Final = 4  # objects of one question, one in each of its rows
_VERBS: Final = {GET: "get", GETNEXT: "getnext", GETBULK: "getbulk"}
_VERSIONS: Final = {"1": V1, "2c": V2C}

Note = Callable[[str], None]


class RefusedError(ProbeError):
    """The agent answered that it cannot, and not about which object: fewer at once may do."""

    def __init__(self, answer: Pdu) -> None:
        super().__init__(f"the agent answered with an error ({answer.error})")
        self.too_big = answer.status == TOO_BIG


class Client:
    """One for many devices; of each it asks one thing at a time."""

    def __init__(
        self,
        access: Callable[[Device], Access],
        clock: Clock,
        called: Callable[[bytes], str],
        note: Note | None = None,
    ) -> None:
        """`note` is told the whole conversation, for a person to read, in the words of `called`."""
        self._access, self._clock, self._called, self._note = access, clock, called, note
        self.wire = Wire()
        self.engines = Engines()  # of this run alone, unless one with a file is put in its place
        self._sessions: dict[str, Session] = {}

    def close(self) -> None:
        self.wire.close()
        self._sessions.clear()

    def version(self, device: Device) -> str:
        """`1`, `2c` or `3`."""
        return self._access(device).version

    def engine(self, device: Device) -> tuple[int, int] | None:
        """snmpEngineBoots and snmpEngineTime (seconds) as version 3 tells them, else None."""
        session = self._sessions.get(device.id)
        return session.engine(self._clock.ticks()) if session else None

    async def get(
        self, device: Device, names: Sequence[bytes], timeouts: Sequence[float] = TIMEOUTS
    ) -> Mapping[bytes, Value]:
        """The values of these objects; those the agent does not have, or refuses, are left out.

        Raises:
            RefusedError: it answered that it cannot.
            ProbeError: no usable answer within the tries.
        """
        said = await self.read(device, names, timeouts)
        return said.by_name() if isinstance(said, Plain) else said

    async def read(
        self, device: Device, names: Sequence[bytes], timeouts: Sequence[float] = TIMEOUTS
    ) -> Plain | Mapping[bytes, Value]:
        """As `get`; the values as they came where `names` is a `Sheet` and all is as expected.

        Raises:
            RefusedError, ProbeError: see `get`.
        """
        wanted, broken = names, 0
        while wanted:
            answer = await self.put(device, GET, wanted, timeouts)
            if isinstance(answer.binds, Plain):
                return answer.binds
            if not answer.status:
                return _believed(answer, wanted)
            named = 1 <= answer.place <= len(wanted) and answer.status in {NO_SUCH_NAME, GEN_ERR}
            # Version 1 says so of each object that is not there; who else does is broken.
            broken += answer.status == GEN_ERR or self.version(device) != "1"
            if not named or broken > _MOST_BROKEN:
                raise RefusedError(answer)
            wanted = [*wanted[: answer.place - 1], *wanted[answer.place :]]
        return {}

    async def put(
        self,
        device: Device,
        kind: int,
        names: Sequence[bytes],
        timeouts: Sequence[float] = TIMEOUTS,
        repeat: int = 0,
    ) -> Pdu:
        """The answer to one question, whatever it says.

        Raises:
            ProbeError: there is none, in words fit to follow the device's name.
        """
        if device.address is None:
            raise ProbeError("it has no address")
        for number, seconds in enumerate(timeouts, 1):
            before = self.wire.dropped.copy() if self._note else Counter()
            try:
                return await self._once(device, device.address, kind, names, repeat, seconds)
            except NoAnswerError as error:
                self._tell(f"  {error}")
                self._tell_dropped(self.wire.dropped - before)
                if number == len(timeouts):
                    raise
        raise AssertionError("no time was given")

    async def _once(
        self,
        device: Device,
        address: Address,
        kind: int,
        names: Sequence[bytes],
        repeat: int,
        seconds: float,
    ) -> Pdu:
        access, began = self._access(device), self._clock.ticks()
        asked = _question(kind, names, repeat)
        if self._note:
            many = f"{_VERBS[kind]} {len(names)} objects"
            self._note(f"{many} from {address}:{device.port}, id {asked.id}")
        if access.version == "3":
            session = self._sessions.get(device.id)
            if session is None or session.access is not access:
                session = self._sessions[device.id] = Session(
                    device.id, access, self.wire, self._clock, self.engines
                )
            answer = await session.ask(address, device.port, asked, seconds)
        else:
            version, community = _VERSIONS[access.version], access.community
            answer = await self.wire.ask(
                address,
                device.port,
                sealed(version, community, asked.pdu),
                lambda data: opened(version, community, asked.id, data, asked.by),
                seconds,
            )
        if self._note:
            took = (self._clock.ticks() - began) / 1e6
            said = f"{answer.error} at object {answer.place}" if answer.status else "answered"
            self._note(f"  {said} after {took:.1f} ms, {len(answer.binds)} values")
            for name, value in answer.binds:
                self._note(f"  {self._spelt(name)} = {value}")
        return answer

    def _spelt(self, name: bytes) -> str:
        try:
            return self._called(name)
        except MalformedError as error:
            return f"{name[:80]!r} ({error})"

    def _tell(self, words: str) -> None:
        if self._note:
            self._note(words)

    def _tell_dropped(self, dropped: Counter[str]) -> None:
        """Some agents answer from another address than was asked, and then nobody believes them."""
        for reason, count in sorted(dropped.items()):
            self._tell(f"  {count} datagrams {reason}, dropped")
        if dropped["foreign"] + dropped["unclaimed"] and self.wire.stranger:
            host, port = self.wire.stranger
            self._tell(f"  {host}:{port} sent one, and was not asked")


def _question(kind: int, names: Sequence[bytes], repeat: int) -> Question:
    number = request_id()
    if (kind == GET and isinstance(names, Sheet)) or (kind == GETBULK and isinstance(names, Sweep)):
        return Question(names.pdu(number), number, names.decode)
    return Question(question(kind, number, names, 0, repeat), number, decode)


def _believed(answer: Pdu, wanted: Sequence[bytes]) -> Mapping[bytes, Value]:
    """What was answered of what was asked, each in its place: anything else is nobody's.

    Raises:
        ProbeError: nothing of it was.
    """
    pairs = [bind for bind, name in zip(answer.binds, wanted, strict=False) if bind.name == name]
    if not pairs:
        raise ProbeError("unreadable answer (other objects than were asked)")
    return {name: value for name, value in pairs if not value.absent}
