"""Frame by frame: derive, remember, judge, and hand on to the consumers it was given."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from alerts.engine import Decisions, Engine
from alerts.picture import Picture
from alerts.verdict import Verdict
from edunet.catalog import Catalog
from edunet.derive import Rates
from edunet.facts import Cli, Facts
from edunet.frame import Column, Frame
from edunet.health import Health
from edunet.latest import EMPTY, Latest, Table
from edunet.settings import Intervals
from edunet.speeds import SpeedChange
from edunet.topology import Topology
from edunet.traffic import Ports, link_frame
from edunet.units import show_bps

_REST_MS: Final = 1000  # what nothing came for is painted this often: it grows old

log = logging.getLogger(__name__)


class Pipeline:
    """Owned by the judge's thread: evidence in, picture and decisions out.

    Facts may come from any thread: they are words, replaced whole.

    Attributes:
        speed_changes: how often the speed of an interface `fell` and `rose`.
    """

    def __init__(
        self,
        topology: Topology,
        catalog: Catalog,
        engine: Engine,
        intervals: Intervals,
        health: Health,
        now: int,
    ) -> None:
        self._catalog, self._health = catalog, health
        self._period_ms = round(intervals.links * 1e3)  # of the ports that are ends of links
        self._rates, self._latest = Rates(), Latest()
        self.speed_changes: Counter[str] = Counter()
        self._facts: dict[str, Facts] = {}
        self._cli: dict[str, Cli] = {}
        self._said = True  # whether somebody said something of himself since the last picture
        self._plant(topology, engine, now)

    def replant(self, topology: Topology, engine: Engine, now: int) -> None:
        """Go on with another plant; counters, newest rows and what devices said are kept.

        In the judge's thread only, between two batches.
        """
        engine.adopt(self._engine)
        self._plant(topology, engine, now)
        there = {device.id for device in topology.inventory.devices}
        for words in (self._facts, self._cli):
            for device in words.keys() - there:
                del words[device]
        self._said = True

    def _plant(self, topology: Topology, engine: Engine, now: int) -> None:
        catalog, inventory = self._catalog, topology.inventory
        self._topology, self._engine = topology, engine
        self._ports = Ports(topology, lambda d, i: catalog.slot("interface", d, i))
        self._rates.contract(*self._ports.capacities())
        self._link_slots = np.array(
            [catalog.slot("link", link.id) for link in inventory.links], np.int32
        )
        self._school_slots = np.array(
            [catalog.slot("school", inventory.sites[row].id) for row in topology.schools], np.int32
        )
        self._slots = {
            (kind, device.id): catalog.slot(kind, device.id)
            for kind in ("probe", "device")
            for device in inventory.devices
        }
        self._recorded = 0
        self._loaded = now
        self._read: tuple[Table, int] = EMPTY, 0  # what the traffic was worked out of, and when
        self.picture = self._painted(engine.verdict, now)

    def facts(self, device: str, facts: Facts) -> None:
        self._facts[device] = facts
        self._said = True

    def cli(self, device: str, cli: Cli) -> None:
        self._cli[device] = cli
        self._said = True

    def take(self, frames: Iterable[Frame], now: int) -> tuple[Decisions, list[Frame]]:
        """Work through frames, judge once, and paint the picture if there is something new in it.

        Returns:
            What was decided, and every frame to be written down: those given, with their rates,
            and the states of links and schools when they changed or are due.
        """
        out: list[Frame] = []
        for raw in frames:
            frame = self._derived(raw) if raw.kind == "interface" else raw
            for reason, count in frame.rejected().items():
                self._health.rejected.labels(reason).inc(count)
            self._latest.update(frame)
            self._engine.observe(frame)
            out.append(frame)
        before = self._engine.verdict
        decisions = self._engine.advance(now)
        news = out or self._said or before is not decisions.verdict
        if news or not 0 <= now - self.picture.time < _REST_MS:
            self.picture = self._painted(decisions.verdict, now)
        if now - self._recorded >= self._period_ms or _differs(before, decisions.verdict):
            self._recorded = now
            out += self._states(decisions.verdict, now)
        return decisions, out

    def _derived(self, raw: Frame) -> Frame:
        frame = self._rates.derive(raw)
        for change in self._rates.speed_changes:
            self._tell(change)
        return frame

    def _tell(self, change: SpeedChange) -> None:
        """A port that negotiated less than before is a fault; more is news."""
        device, interface = self._catalog.key("interface", change.slot)
        way = "fell" if change.after < change.before else "rose"
        before, after = show_bps(change.before), show_bps(change.after)
        level = logging.WARNING if way == "fell" else logging.INFO
        log.log(level, "%s %s: speed %s from %s to %s", device, interface, way, before, after)
        self.speed_changes[way] += 1
        self._health.speed_changes.labels(way).inc()

    def _states(self, verdict: Verdict, now: int) -> list[Frame]:
        frames = []
        if len(self._link_slots):
            states = verdict.links.astype(np.int16)
            frames.append(link_frame(self._link_slots, now, self.picture.traffic, states))
        if len(self._school_slots):
            times = np.full(len(self._school_slots), now, np.int64)
            column = verdict.sites[list(self._topology.schools)].astype(np.int16)
            frames.append(Frame("school", self._school_slots, times, {"state": column}))
        return frames

    def _painted(self, verdict: Verdict, now: int) -> Picture:
        tables = self._latest.tables()
        said, self._said = self._said, False
        return Picture(
            time=now,
            topology=self._topology,
            verdict=verdict,
            tables=tables,
            traffic=self._traffic(tables.get("interface", EMPTY), now),
            slots=self._slots,
            alerts=self._engine.open_alerts,
            facts=dict(self._facts) if said else self.picture.facts,
            cli=dict(self._cli) if said else self.picture.cli,
            loaded=self._loaded,
        )

    def _traffic(self, ports: Table, now: int) -> Mapping[str, Column]:
        """The rates of every link; those of the picture before, while nothing else was read."""
        table, at = self._read
        if table is ports and 0 <= now - at < _REST_MS and at:
            return self.picture.traffic
        self._read = ports, now
        return self._ports.traffic(ports, now, self._period_ms, self._rates.slower)


def _differs(before: Verdict, after: Verdict) -> bool:
    return before is not after and not (
        np.array_equal(before.links, after.links) and np.array_equal(before.sites, after.sites)
    )
