"""Who serves at the door, and how often does he look whether it is time to go home?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn

_LOOK_S: Final = 1.0  # as often as the Date of answers changes


class Server(uvicorn.Server):
    """uvicorn, woken once a second and by signals: its own loop wakes ten times a second."""

    def __init__(self, config: uvicorn.Config, over: Callable[[], bool]) -> None:
        """`over` answers whether there is nothing left to serve."""
        super().__init__(config)
        self._over, self._told = over, asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not (await self.on_tick(0) or self._over()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = False  # in haste it leaves tracebacks, and there is a deadline anyway
        if self._loop:
            self._loop.call_soon_threadsafe(self._told.set)
