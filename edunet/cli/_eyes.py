"""One collector over one plant: everything that reaches out, made anew for each plant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from collector import profiles
from collector.consumer import Consumer
from collector.hostkeys import HostKeys
from collector.logins import Logins
from collector.polling import Polling
from collector.profiles import Profile
from collector.reaching import Reaching
from collector.snmp.engines import Engines
from collector.thin import thin_lines
from collector.transports.vector import Vector
from collector.watch import Watch
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.health import Health
from edunet.secrets import Access
from edunet.settings import Intervals
from edunet.topology import Topology


class Sight(NamedTuple):
    """What every collector of a house shares."""

    catalog: Catalog
    intervals: Intervals
    clock: Clock
    health: Health
    consumer: Consumer
    profiles: Mapping[str, Profile]
    hostkeys: HostKeys
    engines: Engines


class Eyes(NamedTuple):
    """A collector, and the part of it that knows the devices."""

    polling: Polling
    watch: Watch


def eyes(
    sight: Sight,
    topology: Topology,
    access: Mapping[str, Access],
    before: Polling | None = None,
) -> Eyes:
    """A collector for a plant, not started. What `before` knew of unchanged devices is kept."""
    transport = Vector(
        lambda device: access[device.snmp or ""],
        sight.clock,
        lines=thin_lines(topology),
        drop=lambda reason, count: sight.health.dropped.labels(reason).inc(count),
    )
    polling = Polling(
        topology,
        sight.catalog,
        sight.intervals,
        transport,
        sight.clock,
        lambda oid: profiles.vendor(oid, sight.profiles),
    )
    if before:
        polling.keep(before)
    reaching = Reaching(topology, sight.catalog, sight.intervals.reachability, sight.clock)
    logins = Logins(
        topology,
        sight.intervals.ssh,
        sight.profiles,
        sight.hostkeys,
        lambda device: polling.facts[device].object_id if device in polling.facts else "",
        sight.clock,
    )
    return Eyes(polling, Watch(polling, reaching, logins, transport, sight.consumer, sight.health))
