"""From frames to decisions: live and replay run this same code, which does no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from alerts.alert import Alert, Notice
from alerts.causes import causes
from alerts.evidence import STALE_PERIODS, Bools, Evidence, Rows, Times
from alerts.judge import judge
from alerts.lifecycle import Lifecycle
from alerts.replant import carry_evidence, carry_verdict, kept
from alerts.rule import Rule
from alerts.verdict import Verdict
from edunet.catalog import Catalog
from edunet.frame import Frame
from edunet.inventory.model import Device
from edunet.settings import Intervals
from edunet.topology import Topology

_UP, _UNKNOWN = 1, 4  # ifOperStatus, RFC 2863
_REST_MS: Final = 1000
_SATELLITE_MS: Final = 1500


class Decisions(NamedTuple):
    """What one evaluation came to.

    Attributes:
        verdict: the states now.
        alerts: alerts that changed, to be recorded; notices: messages to be sent.
        ask: ids of devices whose ports should be read at once, to tell one fault from another.
    """

    verdict: Verdict
    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]
    ask: frozenset[str]


class Engine:
    """Holds the evidence and the open alerts of one topology."""

    def __init__(
        self,
        topology: Topology,
        catalog: Catalog,
        intervals: Intervals,
        rules: Iterable[Rule],
        now: int,
        firing: Iterable[Alert] = (),
    ) -> None:
        self.topology = topology
        self.verdict = Verdict.unknown(topology, now)
        devices = topology.inventory.devices
        far = topology.by_satellite
        period = np.array(
            [_reach_ms(device, intervals, device.id in far) for device in devices], np.int64
        )
        links, full = round(intervals.links * 1e3), round(intervals.interfaces * 1e3)
        self._seen = Evidence.none(topology, period, max(links, full), links)
        self._lifecycle = Lifecycle(topology, rules, firing)
        self._by_snmp = np.array([device.reach == "snmp" for device in devices], bool)
        self._rows = {
            kind: _inverse(
                np.array([catalog.slot(kind, device.id) for device in devices], np.int32)
            )
            for kind in ("probe", "device")
        }
        ports = np.full(2 * len(topology.ends), -1, np.int32)
        for (device_id, interface), (row, side) in topology.ports.items():
            ports[2 * row + side] = catalog.slot("interface", device_id, interface)
        self._ports = _inverse(ports)
        self._ask: set[str] = set()
        self._judged = 0
        self._settled = 0  # until then only a young streak can change what is true

    def adopt(self, before: Engine) -> None:
        """Take over from the engine of the plant before: evidence, states and alerts go on.

        Alerts of what is no longer there are resolved by the next `advance`.
        """
        both = kept(self.topology, before.topology)
        devices = self.topology.devices, before.topology.devices
        carry_evidence(both, self._seen, before._seen, devices)
        self.verdict = carry_verdict(both, self.verdict, before.verdict)
        self._lifecycle.open.update(before._lifecycle.open)

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts pending and firing, oldest first."""
        return tuple(sorted(self._lifecycle.open.values(), key=lambda alert: alert.since))

    def observe(self, frame: Frame) -> None:
        """Take the evidence in a frame of kind `probe`, `device` or `interface`."""
        if frame.kind == "interface":
            self._observe_ports(frame)
        elif frame.kind == "probe":
            rows, times, up = self._readings(frame, "received")
            self._observe_reach(rows, times, up)
        elif frame.kind == "device":
            rows, times, up = self._readings(frame, "answered")
            self._seen.snmp.observe(rows, times, up)
            mine = self._by_snmp[rows]
            self._observe_reach(rows[mine], times[mine], up[mine])

    def advance(self, now: int) -> Decisions:
        """Judge everything at `now` (milliseconds UTC).

        Nothing is decided while the vantage itself is in doubt.
        """
        ask, self._ask = frozenset(self._ask), set()
        if self._calm(now):
            return Decisions(self.verdict, (), (), ask)
        self._judged, self._settled = now, 0
        if self.verdict.blind:
            self._void_blindness()
        verdict = judge(self.topology, self._seen, now, self.verdict)
        if verdict is self.verdict:
            return Decisions(verdict, (), (), ask)
        self.verdict = verdict
        found = causes(self.topology, self._seen, verdict, now)
        step = self._lifecycle.step(found, self._seen, verdict, now)
        self._settled = self._well_until(now)
        return Decisions(verdict, step.alerts, step.notices, ask)

    def _calm(self, now: int) -> bool:
        """Whether nothing can have changed since the last look, but for what grows old.

        No streak is young, nothing waits, no alert is pending: a look a second is enough, and none
        until something has grown old where nothing fails and no alert is open.
        """
        series = (self._seen.reach, self._seen.snmp, self._seen.ports)
        restless = any(each.restless for each in series)
        for each in series:
            each.restless = False
        pending = any(alert.state == "pending" for alert in self._lifecycle.open.values())
        busy = restless or pending or self.verdict.blind or self.verdict.waits.any()
        if busy:
            return False
        if 0 < self._settled <= now:
            self._settled = self._well_until(now)
        return self._judged <= now < max(self._judged + _REST_MS, self._settled)

    def _well_until(self, now: int) -> int:
        """Until when all will be as it is, unless something fails: the first reading is too old
        then. 0 where something that was ever asked is not well, or has only just come back.
        """
        seen, verdict = self._seen, self.verdict
        asked, told = seen.reach.seen > 0, seen.ports.seen > 0
        well = verdict.good[: len(asked)][asked].all() and verdict.port_up.reshape(-1)[told].all()
        if not well or seen.snmp.n_down.any() or self._lifecycle.open:
            return 0
        if now - int(seen.reach.up_since.max(initial=0)) <= seen.patience:
            return 0
        return min(
            seen.reach.old_at((seen.reach_period * STALE_PERIODS).astype(np.int64)),
            seen.ports.old_at(int(seen.port_period * STALE_PERIODS)),
        )

    def _void_blindness(self) -> None:
        """Failures from before a vantage saw again were ours, not theirs.

        One that never failed, because nothing could be asked, sees again with the first answers.
        """
        reach, vantage = self._seen.reach, list(self.topology.vantage)
        back = [int(reach.up_since[node]) for node in vantage if reach.n_up[node]]
        shut = int(self.verdict.node_since.max(initial=0))
        before = max(shut, min(back, default=int(reach.seen.max(initial=0)) + 1))
        reach.void(before, spare=vantage)

    def _observe_ports(self, frame: Frame) -> None:
        oper = np.asarray(frame.columns["oper"], np.int16)
        known = frame.good("oper") & (oper > 0) & (oper != _UNKNOWN)
        known &= frame.slots < len(self._ports)
        rows = np.where(known, self._ports[np.where(known, frame.slots, 0)], -1)
        mine = rows >= 0
        changed = self._seen.ports.observe(rows[mine], frame.times[mine], oper[mine] == _UP)
        for port in changed.tolist():
            # the second look of a port that has just changed must not wait a whole period
            self._ask_node(int(self.topology.ends[port // 2, port % 2]))

    def _observe_reach(self, rows: Rows, times: Times, up: Bools) -> None:
        for node in self._seen.reach.observe(rows, times, up).tolist():
            self._ask_node(node)
            for _, neighbour in self.topology.links_of[node]:
                self._ask_node(neighbour)

    def _readings(self, frame: Frame, column: str) -> tuple[Rows, Times, Bools]:
        """Device rows, times and whether they answered; rows of strangers are left out."""
        rows_of = self._rows[frame.kind]
        inside = frame.slots < len(rows_of)
        rows = np.where(inside, rows_of[np.where(inside, frame.slots, 0)], -1)
        value = np.asarray(frame.columns[column], np.int64)
        # What could not be asked has neither answered nor failed.
        mine = (rows >= 0) & frame.good(column) & frame.asked() & (value >= 0)
        return rows[mine], frame.times[mine], value[mine] > 0

    def _ask_node(self, node: int) -> None:
        if 0 <= node < self.topology.devices and self.topology.inventory.devices[node].snmp:
            self._ask.add(self.topology.inventory.devices[node].id)


def _reach_ms(device: Device, intervals: Intervals, far: bool) -> int:
    """How often there is news of a device; a burst by satellite is over, and old, later."""
    period_s = intervals.links if device.reach == "snmp" else intervals.reachability
    return max(round(period_s * 1e3), _SATELLITE_MS if far else 0)


def _inverse(slots: Rows) -> Rows:
    """int32: slot -> row; -1 where no row has the slot. Never empty, so that it can be indexed."""
    found = np.full(int(slots.max(initial=0)) + 1, -1, np.int32)
    rows = np.flatnonzero(slots >= 0)
    found[slots[rows]] = rows
    return found
