"""A session begun anew asks at once, believes nothing older, and finds out who answers now."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any, cast

import pytest
from v3_agent import Agent, answer, report

from collector.snmp import ber, envelope, pdu, reports, usm, v3
from collector.snmp.engines import Engines, Heard
from collector.snmp.session import Question, Session
from collector.snmp.wire import NoAnswerError, Wire
from edunet.clock import ManualClock
from edunet.errors import AuthError
from edunet.secrets import Access

SECRET, HIDDEN = b"a long enough password", b"another long password"
ACCESS = Access("3", user="u", auth=("SHA", SECRET), priv=("AES-128", HIDDEN))
USER = v3.User("u", ACCESS.auth, ACCESS.priv)
HERE = IPv4Address("198.18.0.1")
ID, OTHER = bytes.fromhex("80001f8804656475"), bytes.fromhex("80001f88046f7468")
ASKED = Question(pdu.question(pdu.GET, 7, [ber.oid("1.3.6.1.2.1.1.3.0")]), 7)


class Switch:
    """Implements `Wire.ask` as a device at the other end: RFC 3414 section 3.2 as an agent has it.

    Attributes:
        heard: the questions it got: `who`, `when` or `what`. old: says this instead of an answer.
    """

    def __init__(self, clock: ManualClock, engine: bytes = ID, boots: int = 3) -> None:
        self.clock, self.engine, self.boots = clock, engine, boots
        self.began = clock.ticks()
        self.heard: list[str] = []
        self.silent = self.deaf = False
        self.old: Callable[[Agent], bytes] | None = None

    def restart(self) -> None:
        self.boots += 1
        self.began = self.clock.ticks()

    @property
    def time(self) -> int:
        return 1000 + (self.clock.ticks() - self.began) // 1_000_000_000

    async def ask(
        self, _to: object, _port: int, packet: bytes, claim: Callable[[bytes], Any], _s: float
    ) -> Any:
        if self.silent:
            raise NoAnswerError("no answer within 1 s")
        said = claim(self.says(packet))
        assert said is not None
        return said

    def says(self, packet: bytes) -> bytes:
        asked, _ = envelope.read(packet)
        agent = Agent(USER, self.engine, self.boots, self.time, asked.msg_id)
        if asked.engine != self.engine:
            self.heard.append("who")
            if self.deaf and asked.engine:
                raise NoAnswerError("no answer within 1 s")
            return agent.says(report(reports.UNKNOWN_ENGINE_IDS), level=0)
        if asked.boots != self.boots or abs(asked.time - self.time) > 150:
            self.heard.append("when")
            return agent.says(report(reports.NOT_IN_TIME_WINDOWS), level=usm.AUTHENTIC)
        self.heard.append("what")
        return self.old(agent) if self.old else agent.says(answer())


class Plant:
    """A clock, a switch, and what the house remembers of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.switch = Switch(self.clock)
        self.engines = Engines()

    def session(self, access: Access = ACCESS) -> Session:
        return Session("a", access, cast("Wire", self.switch), self.clock, self.engines)

    async def asked(self, session: Session | None = None) -> list[str]:
        """What the switch is asked by a session, a new one unless given, until it answers."""
        self.switch.heard.clear()
        said = await (session or self.session()).ask(HERE, 161, ASKED, 1.0)
        assert 7 == said.id
        return self.switch.heard


@pytest.fixture
async def plant() -> Plant:
    """One whose switch was asked in an earlier run, a day ago."""
    plant = Plant()
    assert ["who", "when", "what"] == await plant.asked()
    plant.clock.advance(86400)
    return plant


async def test_what_was_heard_before_saves_the_discovery(plant: Plant) -> None:
    assert ["what"] == await plant.asked()


async def test_an_agent_that_restarted_meanwhile_is_told_the_time_once(plant: Plant) -> None:
    plant.switch.restart()

    assert ["when", "what"] == await plant.asked()
    assert ["what"] == await plant.asked()


@pytest.mark.parametrize("seconds", [-90_000, 3600], ids=["set back", "set forward"])
async def test_a_clock_of_ours_that_was_set_costs_a_question(plant: Plant, seconds: float) -> None:
    plant.clock.step(seconds)

    await plant.asked()

    assert ["what"] == await plant.asked()


async def test_another_device_in_its_place_is_found_out(plant: Plant) -> None:
    plant.switch = Switch(plant.clock, OTHER, boots=1)

    assert ["who", "who", "when", "what"] == await plant.asked()
    assert ["what"] == await plant.asked()


async def test_another_device_that_is_silent_to_strange_engine_ids_is_found_out(
    plant: Plant,
) -> None:
    plant.switch = Switch(plant.clock, OTHER, boots=1)
    plant.switch.deaf = True
    session = plant.session()

    with pytest.raises(NoAnswerError):
        await plant.asked(session)

    assert ["who", "when", "what"] == await plant.asked(session)


async def test_a_dead_device_that_was_heard_before_is_dead_and_not_misconfigured(
    plant: Plant,
) -> None:
    plant.switch.silent = True

    with pytest.raises(NoAnswerError):
        await plant.asked()


async def test_a_recalled_engine_tells_no_boots_before_it_was_heard(plant: Plant) -> None:
    session = plant.session()

    assert session.engine(plant.clock.ticks()) is None
    await plant.asked(session)
    assert (3, 1000 + 86400) == session.engine(plant.clock.ticks())


@pytest.mark.parametrize(
    ("boots", "time"),
    [
        pytest.param(2, 10**6, id="of an earlier start"),
        pytest.param(3, 1000, id="of the same start, a day old"),
        pytest.param(3, 1000 + 86400 - 152, id="just out of the window"),
    ],
)
async def test_what_is_older_than_what_was_heard_before_is_not_believed(
    plant: Plant, boots: int, time: int
) -> None:
    said = plant.engines.recall("a")
    plant.switch.old = lambda agent: agent._replace(boots=boots, time=time).says(answer())

    with pytest.raises(AuthError, match="never come to rest"):
        await plant.asked()

    assert said == plant.engines.recall("a")


async def test_what_is_within_the_window_is_believed(plant: Plant) -> None:
    time = 1000 + 86400 - 149
    plant.switch.old = lambda agent: agent._replace(time=time).says(answer())

    assert ["what"] == await plant.asked()


async def test_an_agent_that_forgets_its_boots_is_heard_and_its_record_stays(plant: Plant) -> None:
    before = plant.engines.recall("a")
    plant.switch.boots, plant.switch.began = 1, plant.clock.ticks()

    assert ["when", "who", "when", "what"] == await plant.asked()
    assert before == plant.engines.recall("a")


async def test_nothing_is_remembered_of_who_does_not_sign() -> None:
    plant = Plant()
    user = v3.User("u")
    plant.switch.says = lambda packet: (  # type: ignore[method-assign]
        Agent(user, ID, msg_id=envelope.read(packet)[0].msg_id).says(
            answer() if envelope.read(packet)[0].engine else report(reports.UNKNOWN_ENGINE_IDS)
        )
    )

    await plant.asked(plant.session(Access("3", user="u")))

    assert plant.engines.recall("a") is None


async def test_what_is_remembered_tells_no_key(plant: Plant) -> None:
    heard = plant.engines.recall("a")

    assert isinstance(heard, Heard)
    assert (ID, 3) == heard[:2]
    keys = usm.keys(USER, ID)
    assert keys is not None
    assert SECRET not in repr(heard).encode()
    assert keys._auth.hex() not in repr(heard)


async def test_a_password_is_hashed_once_whatever_the_number_of_devices() -> None:
    usm.master.cache_clear()
    plant = Plant()

    for number in range(20):
        plant.switch = Switch(plant.clock, ID + bytes((number,)))
        session = Session(
            f"d{number}", ACCESS, cast("Wire", plant.switch), plant.clock, plant.engines
        )
        await plant.asked(session)

    assert 2 == usm.master.cache_info().misses  # one password to sign, one to hide
