"""Which network is measured? Equal switches in 127.0.0.0/8, played by the virtual city."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import lab
from collector.discovery import facts_of
from collector.transports import Ask
from collector.transports.snmp import Snmp
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.inventory.model import Device, Inventory
from edunet.secrets import Access

COMMUNITY: Final = "bench"
PORTS: Final = 28
COUNTY: Final = "county"


def switches(devices: int, ports: int = 8) -> Inventory:
    """So many switches in one county, each with so many ports and a school on the last."""
    return Inventory.model_validate(written(devices, ports, "snmp"))


def written(devices: int, ports: int, reach: str) -> dict[str, Any]:
    """The same as an inventory says it; `reach` says how it is learnt that they live."""
    port = lab.free_port()
    links = [
        {
            "id": f"l{n}",
            "role": "school_access",
            "a": {"device": f"sw{n}", "interface": f"GE0/0/{ports}"},
            "b": {"site": f"s{n}"},
        }
        for n in _numbers(devices)
    ]
    return _county([_switch(n, port, reach) for n in _numbers(devices)], links, schools=devices)


def groups(sizes: Mapping[str, int], ports: int = PORTS) -> Inventory:
    """Switches in groups, each group behind a cable of its own, by which it can be cut off.

    The cable of a group is called as the group is; the devices that join them are never asked.
    """
    devices: list[dict[str, Any]] = [_unasked("noc")]
    links: list[dict[str, Any]] = []
    port, number = lab.free_port(), 0
    for name, size in sizes.items():
        devices.append(_unasked(f"of-{name}"))
        links.append(_cable(name, ("noc", f"XGE0/0/{len(devices)}"), (f"of-{name}", "XGE0/0/1")))
        for _ in range(size):
            number += 1
            devices.append(_switch(number, port, "snmp"))
            near = f"of-{name}", f"GE0/1/{number}"
            links.append(_cable(f"l{number}", near, (f"sw{number}", f"GE0/0/{ports}")))
    document = _county(devices, links)
    return Inventory.model_validate({**document, "vantage": [{"id": "here", "device": "noc"}]})


def listed(devices: Sequence[Device]) -> list[Ask]:
    """All ports of every device, listed once."""
    return asyncio.run(_listed(devices))


async def _listed(devices: Sequence[Device]) -> list[Ask]:
    access, catalog = Access("2c", COMMUNITY.encode()), Catalog()
    transport = Snmp(lambda _: access, SystemClock())
    asks: list[Ask] = []
    for slot, device in enumerate(devices):
        found = await transport.discover(device)
        facts = facts_of(found, (), partial(catalog.slot, "interface", device.id), None)
        asks.append(Ask(device, slot, facts.ports))
    await transport.close()
    return asks


def _numbers(count: int) -> Iterator[int]:
    return iter(range(1, count + 1))


def _county(
    devices: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], schools: int = 0
) -> dict[str, Any]:
    """One county, with so many schools s1, s2... in it."""
    sites: list[dict[str, str]] = [
        {"id": "city", "kind": "city", "name": "city"},
        {"id": COUNTY, "kind": "county", "parent": "city", "name": COUNTY},
    ]
    sites += [
        {"id": f"s{n}", "kind": "school", "parent": COUNTY, "name": f"s{n}"}
        for n in _numbers(schools)
    ]
    return {
        "network": {"name": "bench"},
        "credentials": {"snmp": {"ro": {"version": "2c", "community": COMMUNITY}}},
        "sites": sites,
        "devices": devices,
        "links": links,
    }


def _switch(number: int, port: int, reach: str) -> dict[str, Any]:
    return {
        "id": f"sw{number}",
        "site": COUNTY,
        "address": f"127.{60 + (number >> 16)}.{number >> 8 & 255}.{number & 255}",
        "port": port,
        "snmp": "ro",
        "reach": reach,
    }


def _unasked(name: str) -> dict[str, str]:
    return {"id": name, "site": "city"}


def _cable(name: str, a: tuple[str, str], b: tuple[str, str]) -> dict[str, Any]:
    ends = ({"device": device, "interface": port} for device, port in (a, b))
    return {"id": name, "role": "county_uplink", **dict(zip("ab", ends, strict=True))}
