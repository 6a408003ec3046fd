"""Which ports does each device of the city have, and what is plugged into them?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from edunet.inventory.model import Inventory, Link

MIN_PORTS: Final = 8
MAX_FILLED: Final = 28  # a name like GE0/0/99999 must not make a switch of 99,999 ports
_SPEEDS: Final = (  # how vendors spell it, fastest first: 100GE1/0/1, XGE0/0/1, Te1/1, GE0/0/1
    (re.compile(r"100GE|Hu", re.IGNORECASE), 100_000_000_000),
    (re.compile(r"40GE|Fo", re.IGNORECASE), 40_000_000_000),
    (re.compile(r"25GE", re.IGNORECASE), 25_000_000_000),
    (re.compile(r"XGE|10GE|Te", re.IGNORECASE), 10_000_000_000),
    (re.compile(r"FE|Fa|Eth?\d", re.IGNORECASE), 100_000_000),
)


class Port(NamedTuple):
    """One interface. `speed` in bit/s; `link` and `end` (a or b) are empty for an idle port."""

    device: str
    if_index: int
    name: str
    alias: str
    speed: int
    mac: bytes
    link: str
    end: str


def ports(inventory: Inventory) -> dict[str, tuple[Port, ...]]:
    """Per device, every port in the order of its ifIndex: 1, 2, 3..."""
    used: dict[str, dict[str, tuple[Link, str]]] = {device.id: {} for device in inventory.devices}
    for link in inventory.links:
        for side, end in (("a", link.a), ("b", link.b)):
            if end.device in used:
                used[end.device][end.interface or ""] = (link, side)
    return {device: _numbered(device, plugged) for device, plugged in used.items()}


def _numbered(device: str, plugged: dict[str, tuple[Link, str]]) -> tuple[Port, ...]:
    made = []
    for index, name in enumerate(_names(frozenset(plugged)), 1):
        link, side = plugged.get(name, (None, ""))
        made.append(
            Port(
                device,
                index,
                name,
                f"{link.id} {link.circuit or ''}".strip() if link else "",
                _speed(name, link.capacity if link else None),
                # The first octet's second bit says "locally administered": no vendor's address.
                b"\x02\xed" + crc32(f"{device}/{name}".encode()).to_bytes(4),
                link.id if link else "",
                side,
            )
        )
    return tuple(made)


@lru_cache(maxsize=1024)  # a province has many switches, and few ways to plug them
def _names(plugged: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(plugged | _idle(plugged), key=_natural))


def _idle(plugged: frozenset[str]) -> set[str]:
    """The ports a switch has besides those in use: the gaps of each row, and eight at least."""
    rows: dict[str, int] = {"GE0/0/": MIN_PORTS}
    for name in plugged:
        if match := re.fullmatch(r"(.*/)(\d{1,9})", name):
            rows[match[1]] = max(rows.get(match[1], 0), min(int(match[2]), MAX_FILLED))
    return {f"{row}{number}" for row, last in rows.items() for number in range(1, last + 1)}


def _natural(name: str) -> list[tuple[int, str]]:
    """GE0/0/2 before GE0/0/10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,9})", name)
    ]


def _speed(name: str, capacity: float | None) -> int:
    return max(_nominal(name), int(capacity or 0))


@lru_cache(maxsize=1024)
def _nominal(name: str) -> int:
    return next((speed for spelt, speed in _SPEEDS if spelt.match(name)), 1_000_000_000)
