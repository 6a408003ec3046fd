"""What is known of each device, and does it have to be listed anew?"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from collector.consumer import Consumer
from collector.discovery import facts_of
from collector.marks import Marks
from collector.transports import Answer, Found, UnlistedError
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.facts import Facts, Port
from edunet.inventory.model import Device

_LOOK_AGAIN_NS: Final = 3600_000_000_000  # cards are added and descriptions change unannounced
_LOOK_AGAIN_LOST_NS: Final = 300_000_000_000  # while an interface of the inventory is not there
_DOUBT: Final = 3  # rounds in a row without an answer: from then on one datagram asks first

log = logging.getLogger(__name__)


class Known:
    """The facts of devices, and what became of their last rounds.

    Attributes:
        facts: by device. reached: devices without trouble.
    """

    def __init__(
        self,
        devices: Iterable[str],
        wanted: Mapping[str, AbstractSet[str]],
        catalog: Catalog,
        clock: Clock,
        vendor: Callable[[str], str | None],
    ) -> None:
        """`wanted` are the interfaces that the inventory names."""
        self._wanted, self._catalog, self._clock, self._vendor = wanted, catalog, clock, vendor
        self.facts: dict[str, Facts] = {}
        self.reached: set[str] = set()
        self._stale = set(devices)  # not listed yet, restarted, or renumbered
        self._look_again: dict[str, int] = {}  # ticks at which a list has grown old
        self._unlisted: dict[str, str] = {}  # answers, and does not tell its interfaces: why
        self._missed: dict[str, int] = {}  # rounds in a row without any answer
        self._ends: dict[str, tuple[tuple[Port, ...], tuple[Port, ...]]] = {}
        self._marks = Marks()

    def keep(self, device: str, before: Known) -> None:
        """Take over what was known of a device that has not changed."""
        if device not in before.facts:
            return
        self.facts[device] = before.facts[device]
        self._marks.keep(device, before._marks)
        if device in before.reached:
            self.reached.add(device)
        if device not in before._stale and before._wanted.get(device) == self._wanted.get(device):
            self._stale.discard(device)
            self._look_again[device] = before._look_again.get(device, 0)

    def ports(self, device: str) -> tuple[Port, ...]:
        return self.facts.get(device, Facts()).ports

    def ends(self, device: str) -> tuple[Port, ...]:
        """Those at the ends of links; the same tuple for the same ports."""
        ports = self.ports(device)
        if (known := self._ends.get(device)) is None or known[0] is not ports:
            wanted = self._wanted.get(device, set())
            known = self._ends[device] = ports, tuple(p for p in ports if p.name in wanted)
        return known[1]

    def doubtful(self, device: str) -> bool:
        """Whether it did not answer lately: then it is not listed, but first asked one thing."""
        return self._missed.get(device, 0) >= _DOUBT

    def outdated(self, device: str) -> bool:
        """Whether its interfaces may be others than those that are known."""
        return device in self._stale or self._clock.ticks() >= self._look_again.get(device, 0)

    def rank(self, device: str) -> int:
        """How soon it is to be listed; lower is sooner.

        Those that are silent hold up the others for seconds each, so they come last; before them
        those that are known; of equal ones the ends of links come first.
        """
        silent, known = bool(self._missed.get(device)), bool(self.ports(device))
        return 4 * silent + 2 * known + (device not in self._wanted)

    def listed(self, device: Device, found: Found, consumer: Consumer) -> None:
        """It was listed.

        Raises:
            UnlistedError: not to the end, and what is known is kept.
        """
        known, ticks = self.facts.get(device.id, Facts()), self._clock.ticks()
        if found.silent and known.ports:
            # Half a list would call known ports by other names: the whole one is kept.
            self._stale.discard(device.id)
            self._look_again[device.id] = ticks + _LOOK_AGAIN_LOST_NS
            raise UnlistedError(f"{device.id}: walk of {'; '.join(found.silent)}")
        facts = facts_of(
            found,
            self._wanted.get(device.id, ()),
            lambda name: self._catalog.slot("interface", device.id, name),
            self._vendor(found.object_id),
        )._replace(trouble=known.trouble)  # its return is told when its rows have come
        for name in set(facts.lost) - set(known.lost):
            log.warning("%s has no interface %s; write its ifName", device.id, name)
        self.facts[device.id] = facts
        self._stale.discard(device.id)
        self._unlisted.pop(device.id, None)
        if found.silent:
            self._unlisted[device.id] = f"{device.id}: walk of {'; '.join(found.silent)}"
        soon = facts.lost or found.silent
        self._marks.listed(device.id, ticks)
        self._look_again[device.id] = ticks + (_LOOK_AGAIN_LOST_NS if soon else _hour(device.id))
        consumer.facts(device.id, facts)

    def unlisted(self, device: str, why: str) -> None:
        """It answers, and does not tell its interfaces."""
        self._unlisted[device] = why

    def answered(self, answer: Answer, consumer: Consumer) -> None:
        """What came of a round."""
        device = answer.ask.device.id
        changed = self.facts.get(device, Facts()).changed
        if self._marks.moved(answer, changed, self._clock.ticks()) or answer.stale:
            self._stale.add(device)
        self._missed[device] = 0 if answer.answered else self._missed.get(device, 0) + 1
        self._trouble(device, answer.trouble or self._unlisted.get(device), consumer)

    def _trouble(self, device: str, trouble: str | None, consumer: Consumer) -> None:
        """Say once when a device is lost and once when it is back."""
        (self.reached.discard if trouble else self.reached.add)(device)
        known = self.facts.get(device, Facts())
        if known.trouble == trouble:
            return
        if known.trouble is None or trouble is None:
            log.info("%s", trouble or f"{device} answers again")
        self.facts[device] = known._replace(trouble=trouble)
        consumer.facts(device, self.facts[device])


def _hour(device: str) -> int:
    """About an hour: those that were listed together shall not all be so again together."""
    return round(_LOOK_AGAIN_NS * (0.75 + zlib.crc32(device.encode()) / 2**33))
