"""By which marks does a device tell that its interfaces may not be the ones that were listed?"""

from __future__ import annotations

from typing import Final

from collector.transports import Answer

_TABLE_REST_NS: Final = 300_000_000_000  # some agents say at each look that their table changed


class Marks:
    """What each device last told of its clock, and when it was last listed."""

    def __init__(self) -> None:
        self._uptimes: dict[str, int] = {}
        self._listed: dict[str, int] = {}  # ticks

    def keep(self, device: str, before: Marks) -> None:
        """Take over what was known of a device."""
        self._uptimes[device] = before._uptimes.get(device, 0)

    def listed(self, device: str, ticks: int) -> None:
        self._listed[device] = ticks

    def moved(self, answer: Answer, changed: int | None, ticks: int) -> bool:
        """Whether it restarted, or tells another ifTableLastChange than when it was listed."""
        device = answer.ask.device.id
        before = self._uptimes.get(device, 0)
        self._uptimes[device] = answer.uptime or before
        restarted = 0 < answer.uptime < before
        rested = ticks - self._listed.get(device, 0) >= _TABLE_REST_NS
        other = answer.changed is not None and answer.changed != changed
        return restarted or (other and rested)
