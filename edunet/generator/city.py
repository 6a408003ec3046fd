"""What does a wished network hold, section by section, as a file would?"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from edunet.generator.cables import STANDARDS, Cabling
from edunet.generator.ledger import Planted
from edunet.generator.places import settle
from edunet.generator.wish import Row, Wish

CARRIERS: list[Row] = [
    {
        "id": "unicom",
        "name": "中国联通",
        "hotline": "10010",
        "sla": {"availability": 0.999, "repair": "4h"},
    },
    {
        "id": "gdtv",
        "name": "广电网络",
        "hotline": "10099",
        "sla": {"availability": 0.995, "repair": "8h"},
    },
]


class City(NamedTuple):
    """`sections` as they are written, the small ones first; `planted` are its doubtful things."""

    sections: dict[str, Any]
    planted: list[Planted]


def generate(wish: Wish) -> City:
    """The network that was wished for. The same wish gives the same network."""
    random = Random(f"edunet {wish.seed}")  # noqa: S311 (no secret: it shall be foreseen)
    places = settle(wish, random)
    built = Cabling(wish, places, random).build()
    sections = {
        "network": {
            "name": f"{places.name}教育城域网",
            "timezone": "Asia/Shanghai",
            "locale": "zh-CN",
        },
        "vantage": [{"id": "noc", "device": "core-b"}],
        "credentials": {"snmp": {"ro": {"version": "2c", "community": "${SNMP_COMMUNITY}"}}},
        "carriers": CARRIERS,
        "standards": {
            name: {"per_class": f"{per_class}M", "uplink": f"{least}M"}
            for name, (per_class, least) in STANDARDS.items()
        },
        "power_zones": [zone for county in places.counties for zone in county.zones],
        "ducts": list(built.ducts.values()),
        "sites": [
            *places.top,
            *places.own,
            *(site for county in places.counties for site in county.sites),
        ],
        "devices": built.devices,
        "links": built.links,
    }
    return City(sections, built.planted)
