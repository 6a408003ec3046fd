"""The whole house at work: who is started in which order, and how it is all ended again."""

from __future__ import annotations

import fcntl
import logging
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from alerts import rule
from alerts.alert import Notice, message
from alerts.channels import channel
from alerts.engine import Decisions, Engine
from alerts.outbox import Outbox
from alerts.picture import Picture
from collector import profiles
from collector.hostkeys import HostKeys
from collector.judging import Judging
from collector.pipeline import Pipeline
from collector.pushing import Ground, Pusher
from collector.recording import Recording
from collector.sinks import Labels, Outlet, Sink
from collector.sinks import parse as sink
from collector.snmp.engines import Engines
from collector.watch import Watch
from edunet.books import Books
from edunet.catalog import Catalog
from edunet.changes import Difference, differences, tell
from edunet.cli._eyes import Sight, eyes
from edunet.cli._oncall import routes
from edunet.cli._ready import asked_once
from edunet.clock import Clock
from edunet.errors import ConfigError
from edunet.health import Health
from edunet.inventory import Inventory
from edunet.labels import Names
from edunet.log import FrameLog
from edunet.reloading import Reloading
from edunet.reports import Reports
from edunet.secrets import accesses
from edunet.settings import Settings
from edunet.slots import place, retire
from edunet.topology import compile_topology

_SWAP_S: Final = 30.0
_LOST: Final = {"bounds": "dropped_bytes", "damaged": "damaged_bytes", "torn": "torn_bytes"}
_CLOSED: Final = 200  # alerts resolved lately that are shown

Part = Outbox | Pusher | Recording | Judging | Watch

log = logging.getLogger(__name__)


class House:
    """Collector, judge, log, sinks and outbox over one data folder. Implements `api.Source`."""

    def __init__(
        self, inventory: Inventory, settings: Settings, folder: Path, clock: Clock
    ) -> None:
        """`folder` is where the inventory lies: a site's own profiles stand beside it.

        Raises:
            ConfigError: secrets, channels, sinks or the data folder are wrong; nothing was started.
        """
        self._settings, self._clock = settings, clock
        self._data = Path(settings.data)
        self.health = Health()
        self._closing = ExitStack()
        access = accesses(inventory)
        known = profiles.load_all([folder / "profiles"])
        channels = {name: channel(name, fields) for name, fields in settings.channels.items()}
        plans = {name: sink(name, fields) for name, fields in settings.sinks.items()}
        route = routes(settings)
        self._lock()
        with ExitStack() as undo:
            undo.callback(self._closing.close)
            now = clock.now()
            books = Books.open(self._data / "books.db")
            self._closing.callback(books.close)
            frames = FrameLog.open(self._data / "log")
            self._closing.callback(frames.close)
            self.catalog = Catalog(books, clock)
            self.reports: Reports | None = Reports(books)
            topology = compile_topology(inventory, _today(inventory, clock))
            place(self.catalog, topology)
            self._names = Names(topology, self.catalog)
            self._outbox = Outbox(books, channels, route, self._message, clock, random.random)
            engine = Engine(
                topology, self.catalog, settings.intervals, rule.load(), now, self._outbox.firing()
            )
            pipeline = Pipeline(
                topology, self.catalog, engine, settings.intervals, self.health, now
            )
            self._recording = Recording(frames, self.catalog, self.health)
            self._judging = Judging(
                pipeline, clock, self.health, self._decided, self._recording.write, settings.queue
            )
            hostkeys = HostKeys(self._data / "known_hosts")
            self._sight = Sight(
                self.catalog,
                settings.intervals,
                clock,
                self.health,
                self._judging,
                known,
                hostkeys,
                Engines(self._data / "snmp_engines"),
            )
            self._eyes = eyes(self._sight, topology, access)
            self._frames = frames
            ground = Ground(frames, books, clock, self._data)
            self._outlets = [_opened(name, plan, self._labels) for name, plan in plans.items()]
            self._pushers = [
                Pusher(name, outlet, ground)
                for name, outlet in zip(plans, self._outlets, strict=True)
            ]
            undo.pop_all()
        self._closed = tuple(self._outbox.closed(_CLOSED))
        self._started: list[Part] = []
        self.reloading: Reloading | None = None
        self.refused: str | None = None  # why the last reload was
        self._ready = False

    def start(self) -> None:
        """Start every thread, consumers before producers."""
        for pusher in self._pushers:
            for gauge, name in (
                (self.health.sink_lag, "lag_s"),
                (self.health.sink_lost, "lost_bytes"),
            ):
                gauge.labels(pusher.name).set_function(partial(getattr, pusher, name))
        for reason, name in _LOST.items():
            lost = self.health.log_lost.labels(reason)
            lost.set_function(partial(self._lost_bytes, name))
        self.health.outbox.set_function(self._outbox.pending)
        parts: list[Part] = [self._outbox, *self._pushers, self._recording, self._judging]
        for part in [*parts, self._eyes.watch]:
            part.start()
            self._started.append(part)

    def _lost_bytes(self, name: str) -> float:
        return float(getattr(self._frames.counts, name))

    def stop(self, seconds: float = 2.5) -> None:
        """End every thread in about this time, producers before consumers; nothing is lost.

        What the log and the outbox have not delivered is delivered by the next run.
        """
        deadline = self._clock.ticks() + seconds * 1e9
        for part in self._started:
            if isinstance(part, (Pusher, Outbox)):
                part.stop(0)  # may be waiting for somebody who hangs: told first, looked at last
        for part in reversed(self._started):
            part.stop(max(0.2, (deadline - self._clock.ticks()) / 1e9))
        self._closing.close()

    def picture(self) -> Picture:
        painted, now = self._judging.pipeline.picture, self._clock.now()
        reports = self.reports.newest if self.reports else {}
        return replace(
            painted, closed=self._closed, error=self.refused, looked=now, reports=reports
        )

    def ready(self) -> bool:
        """Whether every device was asked once."""
        self._ready = self._ready or asked_once(self.picture())
        return self._ready

    @property
    def trouble(self) -> BaseException | None:
        """Why the collector gave up, or None while it works."""
        return self._eyes.watch.error

    def replant(self, inventory: Inventory) -> dict[str, Difference]:
        """Go on with another inventory; answers what is different.

        Slots, counters, evidence and alerts of what is still there are kept. The collector pauses
        for less than a second; nothing else does. One call at a time.

        Raises:
            ConfigError: a secret cannot be opened; nothing has changed.
        """
        access = accesses(inventory)
        before = self._judging.pipeline.picture.topology
        found = differences(before.inventory, inventory)
        topology = compile_topology(inventory, _today(inventory, self._clock))
        old = self._eyes
        old.watch.stop()
        now = self._clock.now()
        retire(self.catalog, topology, before)
        place(self.catalog, topology)
        engine = Engine(topology, self.catalog, self._settings.intervals, rule.load(), now)
        pipeline = self._judging.pipeline
        self._judging.between(lambda: pipeline.replant(topology, engine, now)).result(_SWAP_S)
        self._names = Names(topology, self.catalog)
        for outlet in self._outlets:
            outlet.relabel()
        self._eyes = eyes(self._sight, topology, access, old.polling)
        self._started[self._started.index(old.watch)] = self._eyes.watch
        self._eyes.watch.start()
        log.info("the inventory was reloaded: %s", tell(found))
        return found

    def _decided(self, decisions: Decisions) -> None:
        if decisions.ask:
            self._eyes.watch.urge(decisions.ask)
        if decisions.alerts or decisions.notices:
            for notice in decisions.notices:
                log.info("%s: %s", notice.action, notice.alert.summary["en"])
            self._outbox.accept(decisions.alerts, decisions.notices)
        if ended := [alert for alert in decisions.alerts if alert.state == "resolved"]:
            self._closed = (*reversed(ended), *self._closed)[:_CLOSED]

    def _labels(self, kind: str, slot: int) -> Mapping[str, str]:
        return self._names.of(kind, slot)

    def _message(self, notice: Notice) -> dict[str, Any]:
        network = self._judging.pipeline.picture.topology.inventory.network
        return message(notice, ZoneInfo(network.timezone), network.locale, self._url(notice))

    def _url(self, notice: Notice) -> str:
        return f"http://{self._settings.listen}/api/v1/alerts/{notice.alert.id}"

    def _lock(self) -> None:
        """Hold the data folder: two collectors would give one series two truths."""
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            lock = self._closing.enter_context((self._data / "collector.lock").open("a"))
        except OSError as error:
            why = (error.strerror or "unreadable").lower()
            raise ConfigError(f"data folder {self._data}: {why}; write another data:") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._closing.close()
            raise ConfigError(
                f"another edunet collects into {self._data}; stop it, or write another data:"
            ) from None


def _opened(name: str, plan: Sink, labels: Labels) -> Outlet:
    try:
        return plan.open(labels)
    except ConfigError as error:
        raise ConfigError(f"sinks.{name}: {error}") from None


def _today(inventory: Inventory, clock: Clock) -> date:
    """The day it is in the network's time zone; a school closed by now is not counted."""
    return datetime.fromtimestamp(clock.now() / 1e3, ZoneInfo(inventory.network.timezone)).date()
