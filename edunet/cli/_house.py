"""The whole house at work: who is started in which order, and how it is all ended again."""

from __future__ import annotations

import fcntl
import logging
import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from alerts import rule
from alerts.alert import Alert, Notice, message
from alerts.channels import channel
from alerts.engine import Decisions, Engine
from alerts.outbox import Outbox
from alerts.picture import Picture
from collector import profiles
from collector.hostkeys import HostKeys
from collector.judging import Judging
from collector.logins import Logins
from collector.pipeline import Pipeline
from collector.polling import Polling
from collector.pushing import Ground, Pusher
from collector.reaching import Reaching
from collector.recording import Recording
from collector.sinks import Outlet, Sink
from collector.sinks import parse as sink
from collector.transports.gufo import Gufo
from collector.watch import Watch
from edunet.books import Books
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.errors import ConfigError
from edunet.health import Health
from edunet.inventory import Device, Inventory
from edunet.labels import Names
from edunet.log import FrameLog
from edunet.secrets import communities
from edunet.settings import Settings
from edunet.topology import compile_topology

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
        community = communities(inventory)
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
            topology = compile_topology(inventory)
            names = Names(topology, self.catalog)
            zone = ZoneInfo(inventory.network.timezone)
            self._outbox = Outbox(
                books,
                channels,
                route,
                lambda notice: message(notice, zone, inventory.network.locale, self._url(notice)),
                clock,
                random.random,
            )
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
            transport = Gufo(lambda device: community[device.snmp or ""], clock)
            polling = Polling(
                topology, self.catalog, settings.intervals, transport, clock,
                lambda oid: profiles.vendor(oid, known),
            )  # fmt: skip
            reaching = Reaching(topology, self.catalog, settings.intervals.reachability, clock)
            logins = Logins(
                topology, settings.intervals.ssh, known, HostKeys(self._data / "known_hosts"),
                lambda device: polling.facts[device].object_id if device in polling.facts else "",
                clock,
            )  # fmt: skip
            self._watch = Watch(polling, reaching, logins, transport, self._judging, self.health)
            ground = Ground(frames, books, clock, self._data)
            self._pushers = [
                Pusher(name, _opened(name, plan, names), ground) for name, plan in plans.items()
            ]
            undo.pop_all()
        self._closed = tuple(self._outbox.closed(_CLOSED))
        self._started: list[Part] = []
        self._ready = False

    def start(self) -> None:
        """Start every thread, consumers before producers."""
        for pusher in self._pushers:
            self.health.sink_lag.labels(pusher.name).set_function(partial(getattr, pusher, "lag_s"))
        self.health.outbox.set_function(self._outbox.pending)
        parts: list[Part] = [self._outbox, *self._pushers, self._recording, self._judging]
        for part in [*parts, self._watch]:
            part.start()
            self._started.append(part)

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
        return replace(self._judging.pipeline.picture, closed=self._closed)

    def ready(self) -> bool:
        """Whether every device was asked once."""
        self._ready = self._ready or asked_once(self.picture())
        return self._ready

    @property
    def trouble(self) -> BaseException | None:
        """Why the collector gave up, or None while it works."""
        return self._watch.error

    def _decided(self, decisions: Decisions) -> None:
        if decisions.ask:
            self._watch.urge(decisions.ask)
        if decisions.alerts or decisions.notices:
            for notice in decisions.notices:
                log.info("%s: %s", notice.action, notice.alert.summary["en"])
            self._outbox.accept(decisions.alerts, decisions.notices)
        if ended := [alert for alert in decisions.alerts if alert.state == "resolved"]:
            self._closed = (*reversed(ended), *self._closed)[:_CLOSED]

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


def routes(settings: Settings) -> Callable[[Alert], list[str]]:
    """Which channels an alert goes to: the first route that fits; without routes every channel.

    Raises:
        ConfigError: a route names a channel that is not there.
    """
    for written in settings.oncall.routes:
        if unknown := sorted(set(written.channels) - settings.channels.keys()):
            raise ConfigError(f"oncall: no channel {unknown[0]!r}; write it under channels:")

    def route(alert: Alert) -> list[str]:
        if not settings.oncall.routes:
            return list(settings.channels)
        for each in settings.oncall.routes:
            county, severity = each.match.county, each.match.severity
            counties = (county,) if isinstance(county, str) else county
            if (not counties or alert.county in counties) and (
                not severity or alert.severity in severity
            ):
                return list(each.channels)
        return []

    return route


def _opened(name: str, plan: Sink, names: Names) -> Outlet:
    try:
        return plan.open(names.of)
    except ConfigError as error:
        raise ConfigError(f"sinks.{name}: {error}") from None


def asked_once(picture: Picture) -> bool:
    """Whether every device was asked once, by whatever ways it is to be asked."""
    probes = picture.table("probe")
    return all(
        _asked(device, picture, probes.time) for device in picture.topology.inventory.devices
    )


def _asked(device: Device, picture: Picture, probed: Callable[[int], int | None]) -> bool:
    if device.snmp and device.id not in picture.facts:
        return False
    return device.reach == "snmp" or probed(picture.slots["probe", device.id]) is not None
