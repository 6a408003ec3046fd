"""Every object of every port is asked once, and no reply to it is too large for a frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.mibs import mib
from collector.rows import is_still
from collector.snmp import ber
from collector.snmp.community import V2C, sealed
from collector.snmp.pdu import RESPONSE, Value
from collector.snmp.plan import Chunk, chunks
from collector.transports import Ask
from edunet.facts import CalledBy, Port
from edunet.inventory.model import Device

TABLE = mib("if_mib")
DEVICE = Device.model_validate(
    {"id": "sw", "site": "city", "address": "127.0.0.1", "snmp": "ro"}
)  # fmt: skip
FRAME = 1472  # what a reply may fill without fragments
COMMUNITY = b"c" * 32
SOURCES = {source.object: source for source in TABLE.sources()}
SELDOM = {
    source.object for column in TABLE.columns.values() if column.seldom for source in column.sources
}
SIZES = {"ifOperStatus": 1, "ifAdminStatus": 1, "dot3StatsDuplexStatus": 1}  # bytes of a value
WIDE = {"ifHCInOctets": 9, "ifHCOutOctets": 9}
TEXTS = st.one_of(
    st.text("GE0/123 ", max_size=30), st.text("城东实验小学", max_size=21), st.just("x" * 64)
)
NUMBERS = st.one_of(st.integers(1, 200), st.integers(2**31, 2**32 - 1))
CALLED: st.SearchStrategy[CalledBy] = st.sampled_from(["name", "descr", "alias", "mac", "index"])

Asked = tuple[int, bytes]


@st.composite
def ports(draw: st.DrawFn, most: int = 60) -> tuple[Port, ...]:
    count = draw(st.integers(1, most))
    skips = st.sets(st.sampled_from(sorted(SOURCES)), max_size=8)
    numbers = draw(st.lists(NUMBERS, min_size=count, max_size=count, unique=True))
    kinds = [
        Port(
            0, draw(TEXTS), "", f"[P:{n}] {draw(TEXTS)}", n, draw(CALLED), draw(TEXTS),
            "0200000000ff", frozenset(draw(skips)),
        )
        for n in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    return tuple(_sound(draw(st.sampled_from(kinds)), number) for number in numbers)


def _sound(port: Port, number: int) -> Port:
    """What a port is called by, it has."""
    said = port.said.strip() or ("p" if port.by == "name" else "")
    descr = port.descr.strip() or ("d" if port.by == "descr" else "")
    called = {"name": said, "descr": descr, "alias": f"[P:{port.slot}]"}
    return port._replace(
        ifindex=number,
        said=said,
        descr=descr,
        alias=port.alias.strip(),
        name=called.get(port.by, f"ifIndex {number}"),
    )


def wanted(some: tuple[Port, ...], *, full: bool) -> Counter[Asked]:
    return Counter(
        (port.ifindex, source.prefix)
        for port in some
        for name, source in SOURCES.items()
        if name not in port.skip and (full or name not in SELDOM)
    )


def ports_of(chunk: Chunk) -> list[Port]:
    assert all(isinstance(port, Port) for port in chunk.ports)
    return [port for port in chunk.ports if isinstance(port, Port)]


def asked(chunk: Chunk) -> Iterator[Asked]:
    for port, objects in zip(ports_of(chunk), chunk.objects, strict=True):
        for each in objects:
            yield port.ifindex, each


def reply(chunk: Chunk) -> dict[bytes, bytes]:
    """Name -> the whole of the longest value that can come."""
    values = {name: ber.element(ber.TIMETICKS, bytes(5)) for name in chunk.scalars}
    for port in ports_of(chunk):
        row = ber.oid_of(port.ifindex)
        mac = bytes.fromhex(port.mac)
        texts = {"name": port.said.encode(), "descr": port.descr.encode()}
        texts |= {"alias": port.alias.encode(), "mac": mac}
        values |= {ber.oid(TABLE.identity[word]) + row: ber.octets(t) for word, t in texts.items()}
        for called, source in SOURCES.items():
            width = WIDE.get(called) or SIZES.get(called, 5)
            values[source.prefix + row] = ber.element(ber.COUNTER64, bytes(width))
    return {name: values[name] for name in chunk.names(TABLE)}


def size(chunk: Chunk) -> int:
    body = b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.OID, name) + value)
        for name, value in reply(chunk).items()
    )
    heads = ber.integer(2**31 - 1) + ber.integer(0) * 2
    pdu = ber.element(RESPONSE, heads + ber.element(ber.SEQUENCE, body))
    return len(sealed(V2C, COMMUNITY, pdu))


@settings(max_examples=60, deadline=None)
@given(some=ports(), full=st.booleans(), engine=st.booleans(), split=st.booleans())
def test_every_object_of_every_port_is_asked_exactly_once(
    some: tuple[Port, ...], full: bool, engine: bool, split: bool
) -> None:
    found = chunks(Ask(DEVICE, 0, some, full, engine), TABLE, split=split)

    assert wanted(some, full=full) == Counter(each for chunk in found for each in asked(chunk))
    uptime = ber.oid(TABLE.scalars["sysUpTime"])
    for chunk in found:
        names = chunk.names(TABLE)
        assert len(names) == len(set(names)), "nothing is asked twice in one question"
        assert uptime in names
        assert set(chunk.scalars) < set(names) or not chunk.ports
        tables = {TABLE.table(name) for _, name in asked(chunk)}
        assert not split or tables <= {chunk.table}
    once = {name: chunk.scalars for chunk in found for name in chunk.scalars}
    boots, seconds = (ber.oid(TABLE.scalars[n]) for n in ("snmpEngineBoots", "snmpEngineTime"))
    assert ({boots, seconds} <= once.keys()) == engine
    assert not full or ber.oid(TABLE.scalars["ifTableLastChange"]) in found[0].scalars


@settings(max_examples=100, deadline=None)
@given(some=ports(), full=st.booleans(), engine=st.booleans(), split=st.booleans())
def test_no_reply_for_more_than_one_port_is_too_large_for_a_frame(
    some: tuple[Port, ...], full: bool, engine: bool, split: bool
) -> None:
    """With values as long as they can be, and names as long as they are."""
    for chunk in chunks(Ask(DEVICE, 0, some, full, engine), TABLE, split=split):
        if len(chunk.ports) > 1:
            assert size(chunk) <= FRAME


@settings(max_examples=60, deadline=None)
@given(some=ports(most=20), split=st.booleans())
def test_halves_ask_the_same_and_end_at_single_objects(some: tuple[Port, ...], split: bool) -> None:
    for whole in chunks(Ask(DEVICE, 0, some), TABLE, split=split):
        waiting, ends = [whole], []
        while waiting:
            chunk = waiting.pop()
            halves = chunk.halves()
            assert len(halves) in {0, 2}
            before = Counter(asked(chunk))
            assert not halves or before == Counter(each for h in halves for each in asked(h))
            assert all(h.scalars == chunk.scalars and h.table == chunk.table for h in halves)
            assert all(sum(Counter(asked(h)).values()) < before.total() for h in halves)
            waiting += halves
            ends += [] if halves else [chunk]
        assert all(sum(map(len, end.objects)) <= 1 for end in ends)
        assert Counter(asked(whole)) == Counter(each for end in ends for each in asked(end))


@settings(max_examples=60, deadline=None)
@given(some=ports(most=12), split=st.booleans())
def test_what_tells_whose_row_it_is_comes_with_every_part_of_it(
    some: tuple[Port, ...], split: bool
) -> None:
    """An honest reply to any chunk or half of it is taken; one with another's names is not."""
    waiting = chunks(Ask(DEVICE, 0, some), TABLE, split=split)
    while waiting:
        chunk = waiting.pop()
        waiting += chunk.halves()
        honest = {
            name: Value(written[0], written[2:] if written[1] < 0x80 else written[3:])
            for name, written in reply(chunk).items()
        }
        for port in ports_of(chunk):
            assert is_still(port, honest, TABLE)
            other = port._replace(said=f"{port.said}x", descr=f"{port.descr}x", mac="00")
            other = other._replace(alias=f"{port.alias}x")
            assert not is_still(other, honest, TABLE)


def test_an_ask_of_no_port_is_one_small_question() -> None:
    for split in (False, True):
        (chunk,) = chunks(Ask(DEVICE, 0, (), engine=True), TABLE, split=split)
        assert ([ber.oid(TABLE.scalars["sysUpTime"])], ()) == (chunk.names(TABLE), chunk.halves())
        assert "" == chunk.about()


def test_ports_that_have_nothing_to_be_asked_still_leave_a_question_after_the_uptime() -> None:
    port = Port(1, "a", "a", "", 0, skip=frozenset(SOURCES))
    for split in (False, True):
        (chunk,) = chunks(Ask(DEVICE, 0, (port,), full=False), TABLE, split=split)
        assert [ber.oid(TABLE.scalars["sysUpTime"])] == chunk.names(TABLE)


@pytest.mark.parametrize("count", [1, 24, 48, 4096])
def test_a_switch_is_asked_in_few_questions(count: int) -> None:
    skip = frozenset({"ifInOctets", "ifOutOctets", "ifSpeed", "dot3StatsDuplexStatus"})
    some = tuple(
        Port(n, f"GE0/0/{n}", f"GE0/0/{n}", "", n, descr=f"GigabitEthernet0/0/{n}", skip=skip)
        for n in range(1, count + 1)
    )
    found = chunks(Ask(DEVICE, 0, some), TABLE, split=False)
    assert len(found) == -(-count // 4)
    ahead = found[0]
    assert ahead.about().startswith("GE0/0/1")
