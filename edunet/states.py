"""The words of truth: what a device, a link or a site can be."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """`down` = the last mile is broken, `unreachable` = the break is further up.

    Unknown is 0: what nobody has asked yet.
    """

    UNKNOWN = 0
    UP = 1
    DEGRADED = 2
    DOWN = 3
    UNREACHABLE = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def up(self) -> bool | None:
        """The value of `edunet_*_up`: true, false, or None for a series that is absent."""
        return None if self is State.UNKNOWN else self in (State.UP, State.DEGRADED)


class Because(IntEnum):
    """Why a school is not `up`: the `reason_code` of the API."""

    NONE = 0
    OWN_LINK = 1
    OWN_DEVICE = 2
    UPSTREAM = 3
    POWER = 4
    AGENT = 5
    NO_EVIDENCE = 6

    @property
    def word(self) -> str | None:
        return self.name.lower() if self else None
