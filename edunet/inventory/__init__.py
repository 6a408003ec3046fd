"""What exists in the network and what was promised, read from `inventory.yaml` and checked."""

from __future__ import annotations

from edunet.inventory.check import examine, load
from edunet.inventory.finding import Finding
from edunet.inventory.model import (
    SCHOOL_KINDS,
    Carrier,
    Device,
    Duct,
    End,
    Inventory,
    Link,
    PowerZone,
    Site,
    Snmp,
    Ssh,
    Standard,
    Vantage,
)
from edunet.inventory.secret import SecretRef

__all__ = [
    "SCHOOL_KINDS",
    "Carrier",
    "Device",
    "Duct",
    "End",
    "Finding",
    "Inventory",
    "Link",
    "PowerZone",
    "SecretRef",
    "Site",
    "Snmp",
    "Ssh",
    "Standard",
    "Vantage",
    "examine",
    "load",
]
