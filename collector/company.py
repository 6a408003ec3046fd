"""Jobs that come one by one, and are better done together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from collector.schedule import Job

_MOMENT_S: Final = 0.05


class Company:
    """Takes jobs, and gives all that came within a moment of the first to `go`."""

    def __init__(self, go: Callable[[list[Job]], None]) -> None:
        self._go = go
        self._waiting: list[Job] = []

    def put(self, job: Job) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(_MOMENT_S, self._leave)
        self._waiting.append(job)

    def _leave(self) -> None:
        jobs, self._waiting = self._waiting, []
        self._go(jobs)
