"""What may a field hold that no plain type says: an address, a day, a time zone?"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from edunet.inventory.finding import quote


def _timezone(name: object) -> object:
    """An IANA zone this machine knows."""
    try:
        ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone",
            "{got} is not a time zone; write one like Asia/Shanghai",
            {"got": quote(name)},
        ) from None
    return name


def _address(written: object) -> object:
    """An address one device can have: no name, no network, no group."""
    try:
        address = ip_address(written) if isinstance(written, str) else written
    except ValueError:
        address = None
    if not isinstance(address, IPv4Address | IPv6Address) or (
        address.is_unspecified or address.is_multicast or address == IPv4Address("255.255.255.255")
    ):
        raise PydanticCustomError(
            "address",
            "{got} is not the address of a device; write one like 10.192.0.1",
            {"got": quote(written)},
        )
    return address


def _prefix(written: object) -> object:
    """A network with its host bits zero, so that two spellings of it cannot differ."""
    try:
        network = ip_network(written, strict=False) if isinstance(written, str) else written
    except ValueError:
        network = None
    if not isinstance(network, IPv4Network | IPv6Network):
        raise PydanticCustomError(
            "prefix", "{got} is not a prefix; write one like 10.1.0.0/16", {"got": quote(written)}
        )
    if isinstance(written, str) and ip_address(written.split("/")[0]) != network.network_address:
        raise PydanticCustomError(
            "prefix",
            "{got} has host bits set; write {network}",
            {"got": quote(written), "network": str(network)},
        )
    return network


def _day(written: object) -> object:
    """A date as YYYY-MM-DD; a bare number would be read as seconds since 1970."""
    if isinstance(written, date):
        return written
    try:
        if isinstance(written, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise PydanticCustomError(
        "date", "{got} is not a date; write one like 2026-09-01", {"got": quote(written)}
    )


def _reach(written: object) -> object:
    port = re.fullmatch(r"tcp/([1-9][0-9]{0,4})", str(written))
    if written in ("icmp", "snmp") or (port and int(port[1]) <= 65535):
        return written
    raise PydanticCustomError(
        "reach",
        "{got} is no way to reach a device; write icmp, snmp or tcp/PORT",
        {"got": quote(written)},
    )


def _profile(written: object) -> object:
    """The name of a profile's file, without its ending."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", str(written)):
        return written
    raise PydanticCustomError(
        "profile", "{got} is not the name of a profile; write auto", {"got": quote(written)}
    )


Timezone = Annotated[str, BeforeValidator(_timezone)]
Profile = Annotated[str, BeforeValidator(_profile)]
Reach = Annotated[
    str,
    BeforeValidator(_reach),
    Field(json_schema_extra={"pattern": r"^(icmp|snmp|tcp/[1-9]\d*)$"}),
]
Address = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
Prefix = Annotated[IPv4Network | IPv6Network, BeforeValidator(_prefix)]
Day = Annotated[date, BeforeValidator(_day)]
