"""Thin lines: asked as they can carry it, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from fleet import Fleet
from liar import COMMUNITY, Liar, liar, ports, switch

from collector.thin import Line, thin_lines
from collector.transports.vector import Vector
from edunet.clock import SystemClock
from edunet.inventory.model import Inventory
from edunet.secrets import Access
from edunet.topology import compile_topology
from lab import ber


def hung_on(*links: dict[str, Any]) -> Inventory:
    """A device `sw` in a school that these links lead to."""
    return Inventory.model_validate(
        {
            "network": {"name": "test", "locale": "en"},
            "vantage": [{"id": "noc", "device": "core"}],
            "credentials": {"snmp": {"ro": {"version": "2c", "community": COMMUNITY}}},
            "sites": [
                {"id": "city", "kind": "city", "name": "City"},
                {"id": "s", "kind": "school", "parent": "city", "name": "S"},
            ],
            "devices": [
                {"id": "core", "site": "city", "address": "127.0.0.1", "snmp": "ro"},
                {"id": "sw", "site": "s", "address": "127.0.0.2", "snmp": "ro"},
            ],
            "links": [
                {
                    "id": f"l-{number}",
                    "role": "school_access",
                    "a": {"device": "core", "interface": f"GE0/0/{number}"},
                    "b": {"device": "sw", "interface": f"GE0/0/{number}"},
                    **link,
                }
                for number, link in enumerate(links)
            ],
        }
    )


@pytest.mark.parametrize(
    ("links", "line"),
    [
        pytest.param([{"capacity": "8M"}], Line("l-0", 50_000), id="a twentieth of 8 Mbit/s"),
        pytest.param([{"capacity": "128k"}], Line("l-0", 2000), id="never less than can be read"),
        pytest.param([{"capacity": "100M", "committed": "8M"}], Line("l-0", 50_000), id="bought"),
        pytest.param([{"capacity": "1G"}], None, id="wide"),
        pytest.param([{}], None, id="not told"),
        pytest.param([{"capacity": "8M"}, {"capacity": "1G"}], None, id="a wide way beside"),
        pytest.param([{"capacity": "8M"}, {"capacity": "16M"}], Line("l-1", 100_000), id="two"),
    ],
)
def test_a_line_is_thin_when_no_way_in_is_wide(
    links: list[dict[str, Any]], line: Line | None
) -> None:
    topology = compile_topology(hung_on(*links))

    assert line == thin_lines(topology).get("sw")
    assert "core" not in thin_lines(topology)


async def test_questions_over_a_thin_line_keep_its_pace_and_nobody_waits_for_them() -> None:
    came: dict[int, list[float]] = {}

    def noted(agent: Liar, question: ber.Request) -> bytes:
        came.setdefault(id(agent), []).append(time.monotonic())
        return agent.truth(question)

    objects = switch(ports(20))
    async with liar(objects) as thin, liar(objects) as wide:
        played = Fleet([thin, wide])
        await played.look()
        thin.lie = wide.lie = noted
        lines = {thin.device.id: Line("l", 16_000.0)}
        access = Access("2c", COMMUNITY.encode())
        batches = Vector(lambda device: access, SystemClock(), lines=lines)
        try:
            async with asyncio.timeout(20):
                answers = await played.poll(batches)
        finally:
            await batches.close()

    assert [wide.device.id, thin.device.id] == [a.ask.device.id for a in answers]
    assert 40 == len(played.rows(answers))
    gaps = [b - a for a, b in zip(came[id(thin)], came[id(thin)][1:], strict=False)]
    assert gaps
    # A full question and its answer have more than a thousand octets: a sixteenth of a second.
    assert all(gap > 1000 / 16_000 for gap in gaps)
    assert came[id(wide)][-1] - came[id(wide)][0] < sum(gaps)
