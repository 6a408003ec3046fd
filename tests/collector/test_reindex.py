"""Rule 7: an interface is its name; what a renumbering makes of the counters is nobody else's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from liar import IN_OCTETS, OUT_OCTETS, UPTIME, Liar, Objects, Row, liar, switch
from polled import Line, snmp

from edunet.derive import Rates
from edunet.frame import Reason
from lab import ber

IF_TABLE_LAST_CHANGE = (1, 3, 6, 1, 2, 1, 31, 1, 5, 0)
RATES = {"GE0/0/1": 1e6, "GE0/0/2": 400e6, "GE0/0/3": 9e6}  # bit/s, for ever


def at(seconds: float, order: list[str], since: float = 0.0, **more: Any) -> Objects:
    """The switch so many seconds on: ports in this order, counting since their start."""
    rows = [Row(number, name, **more) for number, name in enumerate(order, 1)]
    objects = switch(rows, uptime=round((seconds - since) * 100) + 1)
    for number, name in enumerate(order, 1):
        octets = ber.number(ber.COUNTER64, int(RATES[name] / 8 * (seconds - since)))
        objects[*IN_OCTETS, number] = objects[*OUT_OCTETS, number] = octets
    return objects


class Watch:
    """One switch polled again and again: the rates by name, None where there is none."""

    def __init__(self, agent: Liar) -> None:
        self.agent, self.line, self.rates = agent, Line(agent.device, snmp()), Rates()

    async def look(self, objects: Objects) -> dict[str, float | None]:
        self.agent.objects = objects
        answer = await self.line.poll()
        found: dict[str, float | None] = {}
        for frame in answer.frames:
            if frame.kind != "interface":
                continue
            derived = self.rates.derive(frame)
            for slot, rate in zip(frame.slots.tolist(), derived.columns["in_bps"], strict=True):
                name = self.line.catalog.key("interface", slot)[1]
                found[name] = None if np.isnan(rate) else float(rate)
        return found


ORDER = ["GE0/0/1", "GE0/0/2", "GE0/0/3"]
SWAPPED = ["GE0/0/2", "GE0/0/1", "GE0/0/3"]


@pytest.mark.parametrize("restarted", [False, True], ids=["as it ran", "across a restart"])
async def test_rule_7_after_two_ports_changed_places_no_traffic_is_another_s(
    restarted: bool,
) -> None:
    since = 1050.0 if restarted else 0.0
    async with liar(at(1000, ORDER)) as agent:
        watch = Watch(agent)
        await watch.line.discover()
        await watch.look(at(1000, ORDER))
        before = await watch.look(at(1010, ORDER))
        moved = await watch.look(at(1100, SWAPPED, since))
        agent.objects = at(1100, SWAPPED, since)
        await watch.line.discover()
        first = await watch.look(at(1110, SWAPPED, since))
        second = await watch.look(at(1120, SWAPPED, since))

    for rates in (before, second):
        assert rates == pytest.approx(RATES, rel=1e-6)
    assert moved.keys() <= {"GE0/0/3"}, "the rows that moved are nobody's"
    for name, rate in {**moved, **first}.items():
        assert rate is None or rate == pytest.approx(RATES[name], rel=1e-6), name


async def test_where_only_the_number_tells_ports_apart_a_changed_table_begins_them_anew() -> None:
    def nameless(seconds: float, order: list[str], changed: int) -> Objects:
        objects = {
            oid: value
            for oid, value in at(seconds, order).items()
            if oid[:-1] not in {(*UPTIME[:6], 2, 2, 1, 2), (*UPTIME[:6], 31, 1, 1, 1, 1)}
        }
        for number in range(1, len(order) + 1):
            objects[*UPTIME[:6], 31, 1, 1, 1, 1, number] = ber.element(ber.OCTETS, b"port")
        objects[IF_TABLE_LAST_CHANGE] = ber.number(ber.TIMETICKS, changed)
        return objects

    async with liar(nameless(1000, ORDER, 5)) as agent:
        watch = Watch(agent)
        await watch.line.discover()
        await watch.look(nameless(1000, ORDER, 5))
        before = await watch.look(nameless(1010, ORDER, 5))
        moved = await watch.look(nameless(1020, SWAPPED, 101_500))
        after = await watch.look(nameless(1030, SWAPPED, 101_500))

    assert {"ifIndex 1": 1e6, "ifIndex 2": 400e6, "ifIndex 3": 9e6} == pytest.approx(before)
    assert {None} == set(moved.values())
    assert {"ifIndex 1": 400e6, "ifIndex 2": 1e6, "ifIndex 3": 9e6} == pytest.approx(after)


async def test_a_port_without_a_name_of_its_own_is_called_by_its_token_or_its_address() -> None:
    rows = [
        Row(1, "port", "card", alias="to the school [SCH:3706]"),
        Row(2, "port", "card"),
        Row(3, "port", "card"),
    ]
    objects = switch(rows)
    objects[*UPTIME[:6], 2, 2, 1, 6, 2] = ber.element(ber.OCTETS, b"\x02\x00\x00\x00\x00\x07")
    async with liar(objects) as agent:
        line = Line(agent.device, snmp())
        facts = await line.discover()
        answer = await line.poll()
        names = {port.name for port in facts.ports}
        frame = answer.frames[1]
        agent.objects = {
            **objects,
            (*UPTIME[:6], 31, 1, 1, 1, 18, 1): ber.element(ber.OCTETS, b"to the school [SCH:1]"),
        }
        other = await line.poll()

    assert {"[SCH:3706]", "mac 020000000007", "ifIndex 3"} == names
    assert 3 == len(frame)
    assert other.stale
    assert 2 == len(other.frames[1]), "another token is another port"
    assert Reason.GOOD == other.frames[1].reason["in_octets"][0]
