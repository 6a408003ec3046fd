"""What asking for a reload means, to those who may ask and to those who do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from edunet.changes import Difference
from edunet.errors import EdunetError


class BusyError(EdunetError):
    """Another reload is under way."""


class Reloaded(NamedTuple):
    """What a reload came to: differences by section, and what needs a restart to be used."""

    changed: Mapping[str, Difference]
    notes: tuple[str, ...]


class Reloading(Protocol):
    """Reads the inventory again and goes on with it."""

    def reload(self) -> Reloaded:
        """Do it now; takes as long as the inventory is large.

        Raises:
            ConfigError: the inventory is wrong; the last good one stays in use, and says so.
            BusyError: another reload is under way.
        """
