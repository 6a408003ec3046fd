"""Everything that is known at one moment: what pages, routes and the exposition show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerts.alert import Alert
from alerts.verdict import Verdict
from edunet.facts import Cli, Facts
from edunet.frame import Column
from edunet.latest import EMPTY, Table
from edunet.reports import Report
from edunet.topology import Topology

_KINDS: Final = ("interface", "probe", "device")


@dataclass(frozen=True)
class Picture:
    """Immutable; made by the judge's thread, read by any other.

    Attributes:
        time: milliseconds UTC when it was painted. looked: when it was looked at; 0 = just then.
        tables: the newest rows by kind, indexed by slot.
        traffic: rates of every link, in the topology's order.
        alerts: pending and firing, oldest first.
        closed: alerts resolved lately, newest first.
        slots: (kind, device id) -> slot, for `probe` and `device`.
        facts, cli: what devices said of themselves, by device id.
        reports: what people said of sites nobody watches, the newest by site id.
        error: why the last reload was refused, or None.
    """

    time: int
    topology: Topology
    verdict: Verdict
    tables: Mapping[str, Table]
    traffic: Mapping[str, Column]
    slots: Mapping[tuple[str, str], int]
    alerts: tuple[Alert, ...] = ()
    closed: tuple[Alert, ...] = ()
    facts: Mapping[str, Facts] = field(default_factory=dict)
    cli: Mapping[str, Cli] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict)
    loaded: int = 0
    looked: int = 0
    error: str | None = None

    @property
    def now(self) -> int:
        """The moment ages are told for: a judge that no longer paints makes nothing younger."""
        return self.looked or self.time

    def table(self, kind: str) -> Table:
        """The newest rows of a kind; an empty table when nothing of it was ever read."""
        return self.tables.get(kind, EMPTY)

    def newest(self) -> int | None:
        """When anything was last learnt, milliseconds UTC, or None."""
        times = [int(self.table(kind).told.max(initial=0)) for kind in _KINDS]
        return max(times) or None
