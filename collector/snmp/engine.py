"""What do we know of the agent that is asked: its engine id, its clock, our keys there?"""

from __future__ import annotations

import os
from typing import Final

from collector.snmp import usm
from collector.snmp.ber import MalformedError

MOST: Final = 2**31 - 1  # of boots and of time
_WINDOW_S: Final = 150
_ID_OCTETS: Final = range(5, 33)  # RFC 3411: SnmpEngineID


class RefusedError(MalformedError):
    """The message can be read, and is not to be believed."""


class StaleError(RefusedError):
    """An authentic message from before: a replay, or an agent whose clock went back.

    Agents that forget their boots do so at every restart. To hear such a one again take a new
    `Engine`; a replay costs no more than that: it cannot know msgID and request-id.
    """


class Engine:
    """An agent's engine. The clock given to it is a monotonic one, in nanoseconds.

    Only an authentic message tells the time: discovery, which anybody can answer, tells the id and
    no more. Until then questions are stamped 0/0, and the agent answers that this is outside its
    window, signed (RFC 3414 section 4). That is one question more for each agent and start; with
    an unsigned time we would sign questions for whatever moment a stranger names.
    """

    def __init__(self) -> None:
        self.id = b""
        self.boots = 0
        self.timely = False  # the agent has told the time, and so it has our authentication key
        self._clocked = False  # its time is known, be it by an earlier run
        self._time = 0  # latestReceivedEngineTime
        self._heard_ns = 0
        self._keys: tuple[usm.User, usm.Keys | None] | None = None
        # RFC 3826 section 3.1.2.1: a salt must not come again, nor after a restart of ours.
        self._salt = int.from_bytes(os.urandom(usm.SALT))

    @classmethod
    def recalled(cls, engine_id: bytes, boots: int, time: int, now_ns: int) -> Engine:
        """One that an earlier run heard; `time` is what its clock should say by now.

        That counts as if it had been received: what is older than the time window, counted from
        there, is not believed, though nobody knows what was received last (RFC 3414 2.2.2).
        """
        engine = cls()
        engine.id, engine.boots, engine._time, engine._heard_ns = engine_id, boots, time, now_ns
        engine._clocked = True
        return engine

    def __repr__(self) -> str:
        return f"Engine({self.id.hex()}, boots={self.boots}, time={self._time})"

    @property
    def known(self) -> bool:
        return bool(self.id)

    @property
    def unconfirmed(self) -> bool:
        """Whether all that is known of it is from an earlier run."""
        return self._clocked and not self.timely

    def time(self, now_ns: int) -> int:
        """The agent's snmpEngineTime by now, as far as we know."""
        if not self._clocked:
            return 0
        return min(self._time + max(0, now_ns - self._heard_ns) // 1_000_000_000, MOST)

    def keys(self, user: usm.User) -> usm.Keys | None:
        """The user's keys here; computed once."""
        if self._keys is None or self._keys[0] != user:
            self._keys = (user, usm.keys(user, self.id))
        return self._keys[1]

    def salt(self) -> bytes:
        """One that was not used before."""
        self._salt = (self._salt + 1) % (1 << 8 * usm.SALT)
        return self._salt.to_bytes(usm.SALT)

    def learn(self, engine_id: bytes) -> None:
        """Whom we talk to.

        Raises:
            RefusedError: that is no engine id.
        """
        if len(engine_id) not in _ID_OCTETS:
            raise RefusedError(f"an engine id of {len(engine_id)} octets")
        self.id = engine_id

    def hear(self, boots: int, time: int, now_ns: int) -> None:
        """Set our notion of the agent's clock by an authentic message (RFC 3414, 3.2 step 7b).

        Raises:
            StaleError: the message is from before the time window.
        """
        if not self._clocked or (boots, time) > (self.boots, self._time):
            self.boots, self._time, self._heard_ns = boots, time, now_ns
            self._clocked = self.timely = True
        if self.boots == MOST:
            raise StaleError("the agent can count its starts no further; give it a new engine id")
        if boots < self.boots or time < self.time(now_ns) - _WINDOW_S:
            raise StaleError("the agent's clock went back: a replay, or it forgot its starts")
        self.timely = True
