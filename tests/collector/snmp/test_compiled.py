"""Columns compiled beforehand say what `collector.rows` says of the same values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.mibs import mib
from collector.rows import Engine, Reading, frames_of
from collector.snmp import ber
from collector.snmp.compiled import Came, Plan, Plans, Told
from collector.snmp.sheet import Plain, Sheet
from collector.transports import Ask
from edunet.facts import CalledBy, Port
from edunet.frame import Frame
from edunet.inventory.model import Device

TABLE = mib("if_mib")
DEVICE = Device.model_validate({"id": "a", "site": "city", "address": "127.0.0.1"})
SOURCES = {source.prefix: source for source in TABLE.sources()}
KINDS = {"counter": (ber.COUNTER64, ber.COUNTER32), "number": (ber.INTEGER, ber.GAUGE32)}
NARROW = frozenset({"ifHCInOctets", "ifHCOutOctets"})
SKIPS = (
    frozenset({"ifInOctets", "ifOutOctets", "ifSpeed"}), frozenset({"ifInOctets", "ifOutOctets"}),
    NARROW, NARROW | {"ifHighSpeed"}, NARROW | {"ifSpeed", "ifHighSpeed", "dot3StatsDuplexStatus"},
)  # fmt: skip


def port(index: int, skip: frozenset[str] = SKIPS[0], by: CalledBy = "name") -> Port:
    name = f"GE0/0/{index}"
    return Port(index, name, name, f"to {index}", 100 + index, by, skip=skip)


ports = st.lists(st.sampled_from(SKIPS), min_size=1, max_size=12).map(
    lambda skips: tuple(port(n, skip) for n, skip in enumerate(skips, 1))
)
# Numbers that somebody looks at: nothing, the ends of ranges, the marks of what is not known.
numbers = st.sampled_from((0, 1, 3, 4, 7, 8, 1000, 2**15, 2**31, 2**32 - 1, 2**32, 2**64 - 1))


def name_of(ports: Sequence[Port], name: bytes) -> bytes | None:
    for each in ports:
        row = ber.oid_of(each.ifindex)
        said = {"name": each.said, "descr": each.descr, "alias": each.alias}
        for word, text in said.items():
            if name == ber.oid(TABLE.identity[word]) + row:
                return text.encode()
    return None


def plain(sheet: Sheet, ports: Sequence[Port], draw: Any) -> Plain:
    """An answer: names as known, numbers and now and then types as drawn."""
    tags, what = bytearray(), list[int | bytes]()
    for name in sheet:
        if (said := name_of(ports, name)) is not None:
            tags.append(ber.OCTETS)
            what.append(said)
            continue
        source = next((s for prefix, s in SOURCES.items() if name.startswith(prefix)), None)
        tag = draw(st.sampled_from(KINDS[source.kind if source else "number"]))
        tags.append(tag)
        most = 2**64 if tag == ber.COUNTER64 else 2**32
        below = tag == ber.INTEGER and draw(st.booleans())
        what.append(-1 - draw(numbers) % 2**31 if below else draw(numbers) % most)
    return Plain(sheet, tags, what)


def same(mine: Frame, theirs: Frame) -> None:
    assert theirs.kind == mine.kind
    for name in ("slots", "times", "uptime"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(mine, name))
        assert getattr(theirs, name).dtype == getattr(mine, name).dtype
    assert theirs.columns.keys() == mine.columns.keys()
    assert theirs.reason.keys() == mine.reason.keys()
    for name, column in theirs.columns.items():
        np.testing.assert_array_equal(column, mine.columns[name], strict=True)
    for name, reason in theirs.reason.items():
        np.testing.assert_array_equal(reason, mine.reason[name], strict=True)


def by_rows(
    ask: Ask, plan: Plan, came: Came, engine: Engine | None
) -> tuple[tuple[Frame, ...], bool]:
    readings = [
        Reading(chunk.ports, plain.by_name(), time)
        for (chunk, _), plain, time in zip(plan.parts, came.plains, came.times, strict=True)
    ]
    return frames_of(ask, readings, TABLE, 99, engine)


def told(plan: Plan, came: Came) -> Told:
    found = plan.told(came)
    assert found is not None
    return found


@settings(max_examples=150, deadline=None)
@given(
    ports=ports, full=st.booleans(), engine=st.sampled_from((None, Engine(3, 77))), data=st.data()
)
def test_columns_are_as_the_rows_say(
    ports: tuple[Port, ...], full: bool, engine: Engine | None, data: Any
) -> None:
    ask = Ask(DEVICE, 5, ports, full, engine is not None)
    plan = Plans().of(ask, split=False)
    came = Came([plain(s, ports, data.draw) for _, s in plan.parts], range(len(plan.parts)))

    theirs, stale = by_rows(ask, plan, came, engine)
    plan.take(came, TABLE)
    found = plan.told(came)

    assert not stale
    if found is None:  # a type that does not count, in an octet counter's place
        return
    mine = found.frames(ask, plan.slots, engine)
    assert len(theirs) == len(mine)
    for each, other in zip(mine, theirs, strict=True):
        same(each, other)


def answers(plan: Plan, ports: Sequence[Port], **instead: int) -> Came:
    """Sevens, of the first type that will do."""
    plains = []
    for _, sheet in plan.parts:
        tags, what = bytearray(), list[int | bytes]()
        for name in sheet:
            said = name_of(ports, name)
            source = next((s for prefix, s in SOURCES.items() if name.startswith(prefix)), None)
            kind = source.kind if source else "number"
            tag = instead.get(source.object if source else "", KINDS[kind][0])
            tags.append(tag if said is None else ber.OCTETS)
            what.append(3 if said is None else said)
        plains.append(Plain(sheet, tags, what))
    return Came(plains, [7] * len(plains))


PORTS = tuple(port(n) for n in range(1, 10))
ASK = Ask(DEVICE, 5, PORTS)


def taken(ports: tuple[Port, ...] = PORTS, **instead: int) -> tuple[Plan, Came]:
    plan = Plans().of(ASK._replace(ports=ports), split=False)
    came = answers(plan, ports, **instead)
    plan.take(came, TABLE)
    return plan, came


def test_nothing_is_known_before_rows_were_taken() -> None:
    plan = Plans().of(ASK, split=False)

    assert plan.told(answers(plan, PORTS)) is None


def test_a_row_of_another_name_is_not_known() -> None:
    plan, came = taken()
    other = answers(plan, (PORTS[0]._replace(said="GE0/0/2"), *PORTS[1:]))

    assert plan.told(came) is not None
    assert plan.told(other) is None


def test_another_type_is_not_known() -> None:
    plan, _ = taken()

    assert plan.told(answers(plan, PORTS, ifInErrors=ber.GAUGE32)) is None


def test_a_type_that_may_not_be_is_malformed_and_its_neighbours_are_good() -> None:
    plan, came = taken(ifInErrors=ber.GAUGE32)

    _, frame = told(plan, came).frames(ASK, plan.slots, None)

    assert not frame.good("in_errors").any()
    assert frame.good("out_errors").all()
    same(frame, by_rows(ASK, plan, came, None)[0][1])


@pytest.mark.parametrize(
    "ports",
    [
        pytest.param((port(1)._replace(by="index"), *PORTS[1:]), id="known by nothing"),
        pytest.param((), id="none"),
        pytest.param((port(1, SKIPS[0] | NARROW), *PORTS[1:]), id="without octets"),
    ],
)
def test_some_ports_are_not_for_columns(ports: tuple[Port, ...]) -> None:
    plan, came = taken(ports)

    assert plan.told(came) is None


def test_octets_of_a_type_that_does_not_count_are_not_for_columns() -> None:
    plan, came = taken(ifHCInOctets=ber.GAUGE32)

    assert plan.told(came) is None


def test_tables_asked_apart_are_not_for_columns() -> None:
    plan = Plans().of(ASK, split=True)
    came = answers(plan, PORTS)
    plan.take(came, TABLE)

    assert plan.told(came) is None


def test_a_plan_is_kept_until_the_ports_are_others() -> None:
    plans = Plans()
    plan = plans.of(ASK, split=False)

    assert plans.of(ASK._replace(ports=tuple(PORTS)), split=False) is plan
    assert plans.of(ASK._replace(ports=PORTS[:-1]), split=False) is not plan


def test_devices_with_the_same_ports_share_what_is_compiled() -> None:
    one, came = taken()
    moved = tuple(each._replace(slot=each.slot + 50) for each in PORTS)
    two, _ = taken(moved)

    first, second = told(one, came), told(two, came)

    assert first.columns is second.columns
    assert [50] * len(PORTS) == (two.slots - one.slots).tolist()
