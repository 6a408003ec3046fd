"""One round of echoes under way: whom it asks, what it has sent, what has come back."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.probes._echoes import NAME, Names, Nanoseconds, sockaddr
from collector.probes._icmp import FAMILIES, Numbers, Replies

# Where in a struct sockaddr, as words of 32 bits, the address lies.
_ADDRESS: Final = {int(socket.AF_INET): slice(1, 2), int(socket.AF_INET6): slice(2, 6)}


class Target(NamedTuple):
    """Whom to ask: the slot of the `probe` series and the address."""

    slot: int
    address: IPv4Address | IPv6Address

    @property
    def family(self) -> int:
        return socket.AF_INET if self.address.version == 4 else socket.AF_INET6


@dataclass
class Ignored:
    """How many replies counted for nothing, by what was wrong with them.

    `late`: its sweep was over. `stranger`: no sweep of ours has that secret. `misshapen`: another
    length. `misplaced`: from whom we had not asked that. `duplicate`: it had come already.
    """

    late: int = 0
    stranger: int = 0
    misshapen: int = 0
    misplaced: int = 0
    duplicate: int = 0

    def since(self, before: Ignored) -> Ignored:
        """How many more there are now."""
        then = asdict(before)
        return Ignored(**{name: value - then[name] for name, value in asdict(self).items()})


class Roster:
    """The targets of a sweep as arrays. To make one is dear, so it is kept from sweep to sweep.

    Attributes:
        names: uint8[targets, NAME], struct sockaddr. families: int64[targets].
        parties: of each family the numbers of its targets, and their names.
    """

    def __init__(self, targets: tuple[Target, ...]) -> None:
        self.targets = targets
        self.slots = [target.slot for target in targets]
        named = b"".join(_name(target.address) for target in targets)
        self.names = np.frombuffer(named, np.uint8).reshape(len(targets), NAME)
        self.families = np.array([target.family for target in targets], np.int64)
        self.parties: dict[int, tuple[Numbers, Names]] = {}
        for family in FAMILIES:
            numbers = np.flatnonzero(self.families == family)
            if len(numbers):
                self.parties[family] = numbers, self.names[numbers]

    def of(self, whom: npt.NDArray[np.bool_]) -> dict[int, tuple[Numbers, Names]]:
        """The parties, of these targets alone."""
        if whom.all():
            return self.parties
        return {
            family: (numbers[whom[numbers]], names[whom[numbers]])
            for family, (numbers, names) in self.parties.items()
            if whom[numbers].any()
        }

    def asked(self, family: int, numbers: Numbers, names: Names) -> npt.NDArray[np.bool_]:
        """bool[numbers]: whether those targets, which there are, have those addresses."""
        where = _ADDRESS[family]
        known, told = self.names[numbers].view(np.uint32), names.view(np.uint32)
        same = (known[:, where] == told[:, where]).all(axis=1)
        right: npt.NDArray[np.bool_] = same & (self.families[numbers] == family)
        return right


class Rosters:
    """The rosters of the last few lists of targets."""

    _KEPT: Final = 4

    def __init__(self) -> None:
        self._kept: list[Roster] = []

    def of(self, targets: Sequence[Target]) -> Roster:
        asked = tuple(targets)
        for roster in self._kept:
            if roster.targets == asked:
                return roster
        self._kept = [Roster(asked), *self._kept[: self._KEPT - 1]]
        return self._kept[0]


class Sweep:
    """One round under way, with the sockets it is sent through.

    Attributes:
        sent, back: int64[targets, echoes] of nanoseconds, 0 = not sent, not back.
    """

    def __init__(self, roster: Roster, count: int, ident: int) -> None:
        self.roster = roster
        self.ident, self.secret = ident, secrets.randbits(64)
        self.sockets: dict[int, socket.socket] = {}
        self.sent: Nanoseconds = np.zeros((len(roster.targets), count), np.int64)
        self.back: Nanoseconds = np.zeros((len(roster.targets), count), np.int64)
        self._missing = self.sent.size
        self.complete = asyncio.Event()
        self._less(0)
        self.began = time.time_ns()

    def take(self, family: int, came: Replies, ignored: Ignored) -> None:
        """Count replies with our secret: those that come from whom we asked, and are the first."""
        targets, echoes = self.back.shape
        there = (came.number < targets) & (came.echo < echoes)
        number, echo = np.where(there, came.number, 0), np.where(there, came.echo, 0)
        place = number * echoes + echo
        sent, back = self.sent.reshape(-1), self.back.reshape(-1)
        there &= self.roster.asked(family, number, came.names) & (sent[place] > 0)
        ignored.misplaced += len(there) - int(there.sum())
        place, first = np.unique(place[there], return_index=True)
        ignored.duplicate += int(there.sum()) - len(place)
        at = came.at[there][first]
        new = back[place] == 0
        ignored.duplicate += len(new) - int(new.sum())
        place = place[new]
        back[place] = np.maximum(at[new], sent[place] + 1)
        self._less(len(place))

    def unsent(self, numbers: Numbers | int, echo: int) -> None:
        """Take note that echoes never left us: that says nothing of whom they were for."""
        self.sent[numbers, echo] = 0
        self._less(np.size(numbers))

    def spare(self, whom: npt.NDArray[np.bool_], echoes: slice) -> None:
        """These targets will not be sent these echoes."""
        self._less(self.sent[whom, echoes].size)

    def _less(self, count: int) -> None:
        self._missing -= count
        if not self._missing:
            self.complete.set()


def _name(address: IPv4Address | IPv6Address) -> bytes:
    scope = address.scope_id if isinstance(address, IPv6Address) else None
    return sockaddr(address.packed, scope or "")
