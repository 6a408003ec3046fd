"""What a device said about itself: slow-changing words beside the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Port(NamedTuple):
    """One interface as found on the device.

    Attributes:
        ifindex: good until the device renumbers. said: ifName as the device says it.
        name: what the series is called. slot: of the series.
    """

    ifindex: int
    said: str
    name: str
    alias: str
    slot: int


class Facts(NamedTuple):
    """The newest answers of one device; an empty text or None is unknown.

    Attributes:
        ports: the interfaces, in the order of ifIndex.
        lost: interfaces the inventory names and the device does not have.
        interfaces_by_ssh: interface name -> oper status word, as the command line showed it.
        trouble: why the device last failed to answer, or None.
    """

    descr: str = ""
    object_id: str = ""
    name: str = ""
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    ports: tuple[Port, ...] = ()
    lost: tuple[str, ...] = ()
    interfaces_by_ssh: Mapping[str, str] = {}
    trouble: str | None = None
