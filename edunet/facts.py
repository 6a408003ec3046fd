"""What a device said about itself: slow-changing words beside the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

CalledBy = Literal["name", "descr", "alias", "mac", "index"]


class Port(NamedTuple):
    """One interface as found on the device.

    Attributes:
        ifindex: good until the device renumbers. said: ifName as the device says it.
        name: what the series is called. slot: of the series.
        by: which of its names it is called by; `index` is the last resort, and no identity.
        descr: ifDescr as the device says it. mac: ifPhysAddress (lower hex) of a port called by it.
        skip: objects that the device does not have for this port, or tells wrongly.
    """

    ifindex: int
    said: str
    name: str
    alias: str
    slot: int
    by: CalledBy = "name"
    descr: str = ""
    mac: str = ""
    skip: frozenset[str] = frozenset()


class Facts(NamedTuple):
    """What a device last said of itself by SNMP; an empty text or None is unknown.

    Attributes:
        ports: the interfaces, in the order of ifIndex.
        lost: interfaces the inventory names and the device does not have.
        lacks: tables the device does not have, or did not tell.
        changed: ifTableLastChange in hundredths of a second, or None.
        engine: whether it tells snmpEngineBoots and snmpEngineTime.
        trouble: why the device last failed to answer, or None.
    """

    descr: str = ""
    object_id: str = ""
    name: str = ""
    vendor: str | None = None
    ports: tuple[Port, ...] = ()
    lost: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    changed: int | None = None
    engine: bool = False
    trouble: str | None = None


class Cli(NamedTuple):
    """What a device last said on its command line.

    Attributes:
        time: milliseconds UTC of the answer. uptime_s: in seconds.
        interfaces: name -> up, down, testing, unknown, dormant, not_present, lower_layer_down.
        trouble: why the last login failed, or None.
    """

    time: int
    version: str | None = None
    model: str | None = None
    uptime_s: float | None = None
    interfaces: Mapping[str, str] = {}
    trouble: str | None = None
