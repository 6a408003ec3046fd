"""One collector: a thread with its own event loop, in which everything that reaches out runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import threading
from collections.abc import Callable, Iterable

from collector.consumer import Consumer
from collector.logins import Logins
from collector.polling import Polling
from collector.reaching import Reaching, beat
from collector.transports import Transport
from edunet.health import Health

log = logging.getLogger(__name__)


class Watch:
    """Starts and ends the collector's thread. What fails for good is kept in `error`."""

    def __init__(
        self,
        polling: Polling,
        reaching: Reaching,
        logins: Logins,
        transport: Transport,
        consumer: Consumer,
        health: Health,
    ) -> None:
        self._polling, self._reaching, self._logins = polling, reaching, logins
        self._transport, self._consumer, self._health = transport, consumer, health
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="collector", daemon=True)
        self._halt = asyncio.Event()
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """Cancel everything and wait for the thread; what was handed on stays handed on."""
        self._call(self._halt.set)
        self._thread.join(seconds)

    def urge(self, devices: Iterable[str]) -> None:
        """From any thread: look at these devices at once."""
        self._call(self._polling.urge, tuple(devices))

    def _call(self, what: Callable[..., None], *words: Iterable[str]) -> None:
        with contextlib.suppress(RuntimeError):  # the collector has ended, by itself or by order
            self._loop.call_soon_threadsafe(what, *words)

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._run())
            except BaseException as error:  # noqa: BLE001 (whatever it was, the house must hear)
                self.error = _first(error)
                log.critical("the collector stopped: %s", self.error)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._polling.run(self._consumer, self._health)),
                    group.create_task(self._reaching.run(self._consumer)),
                    group.create_task(self._logins.run(self._consumer)),
                    group.create_task(self._account()),
                ]
                await self._halt.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._transport.close()

    async def _account(self) -> None:
        """Keep count of the thread's CPU time and of how late its loop wakes."""
        loop, before = asyncio.get_running_loop(), 0.0
        due = loop.time()
        async for _ in beat(1.0):
            usage = resource.getrusage(resource.RUSAGE_THREAD)
            spent = usage.ru_utime + usage.ru_stime
            self._health.cpu.inc(spent - before)
            before = spent
            late = max(0.0, loop.time() - due)
            self._health.loop_lag.labels("collector").set(late)
            due = loop.time() + 1.0


def _first(error: BaseException) -> BaseException:
    """What went wrong, out of the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
