"""Numbers, texts and names as pyasn1 writes them; and nothing but MalformedError for the rest."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]  # it ships none
from pyasn1.type import univ  # type: ignore[import-untyped]
from pysnmp.proto import rfc1902

from collector.snmp import ber
from collector.snmp.ber import MalformedError

MORE_THAN_NEEDED = {b"\0\0", b"\xff\x80"}  # X.690 8.3.2: the first nine bits are never equal
SIZES = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000]
ARCS = st.integers(0, 2**32 - 1)
OIDS = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 2**31))
).flatmap(lambda head: st.lists(ARCS, max_size=20).map(lambda tail: (*head, *tail)))


def spelt(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


@given(value=st.integers(-(2**70), 2**70))
@example(value=0)
@example(value=127)
@example(value=128)
@example(value=-128)
@example(value=-129)
@example(value=-(2**31))
@example(value=2**32 - 1)
def test_an_integer_is_written_as_the_reference_does_and_read_back(value: int) -> None:
    written = ber.integer(value)

    if written[2:] != b"\x80" + bytes(len(written) - 3):  # pyasn1 writes a byte more than it may
        assert encoder.encode(univ.Integer(value)) == written
    assert (value, b"") == decoder.decode(written)
    assert len(written) == 3 or written[2:3] + bytes((written[3] & 0x80,)) not in MORE_THAN_NEEDED
    if -(2**32) <= value < 2**32:
        assert (value, len(written)) == ber.number(written, 0, len(written))
    else:
        with pytest.raises(MalformedError, match="no or too many bytes"):
            ber.number(written, 0, len(written))


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        (rfc1902.Counter32, 32),
        (rfc1902.Gauge32, 32),
        (rfc1902.TimeTicks, 32),
        (rfc1902.Unsigned32, 32),
        (rfc1902.Counter64, 64),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_counter_is_read_as_the_reference_writes_it(kind: Any, bits: int) -> None:
    @given(value=st.one_of(st.integers(0, 2**bits - 1), st.sampled_from([0, 2**bits - 1])))
    def check(value: int) -> None:
        written = encoder.encode(kind(value))
        _, start, stop = ber.read(written, 0, len(written))
        assert value == ber.unsigned(written[start:stop], bits)

    check()


def test_a_counter_may_lack_its_leading_zero_and_may_not_be_too_long() -> None:
    assert 2**32 - 1 == ber.unsigned(b"\xff" * 4, 32)
    assert 2**64 - 1 == ber.unsigned(b"\xff" * 8, 64)
    assert 0 == ber.unsigned(bytes(9), 64)
    for contents, bits in ((b"", 32), (b"\1" + bytes(4), 32), (bytes(10), 64), (bytes(6), 32)):
        with pytest.raises(MalformedError, match="of no byte or of more than"):
            ber.unsigned(contents, bits)


@given(numbers=OIDS)
@example(numbers=(2, 2**31))
@example(numbers=(1, 39))
@example(numbers=(0, 0, 0))
@example(numbers=(1, 3, 127, 128, 16383, 16384, 2**32 - 1))
def test_a_name_is_written_as_the_reference_does_and_read_back(numbers: tuple[int, ...]) -> None:
    contents = ber.oid(spelt(numbers))

    whole = ber.element(ber.OID, contents)
    assert encoder.encode(univ.ObjectIdentifier(numbers)) == whole
    assert spelt(numbers) == ber.dotted(contents)
    tail = numbers[2:]
    assert tail == ber.numbers_of(ber.oid_of(*tail))
    assert contents.endswith(ber.oid_of(*tail))


@pytest.mark.parametrize(
    "text", ["", "1", "1.40", "3.1", "1.-3", "2.-1", "2", "1.3.4294967296", "a.b", "1..3"]
)
def test_what_is_no_name_is_not_written(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of int() or of ours)
        ber.oid(text)


@pytest.mark.parametrize("size", SIZES)
def test_lengths_of_any_size_are_written_as_the_reference_does(size: int) -> None:
    contents = bytes(size)

    written = ber.octets(contents)

    assert encoder.encode(univ.OctetString(contents)) == written
    assert (ber.OCTETS, len(written) - size, len(written)) == ber.read(written, 0, len(written))


@given(
    contents=st.binary(max_size=300), padding=st.integers(0, 3), ahead=st.binary(max_size=9),
    behind=st.binary(max_size=9),
)  # fmt: skip
def test_a_length_may_be_longer_than_needed_and_what_lies_around_does_not_matter(
    contents: bytes, padding: int, ahead: bytes, behind: bytes
) -> None:
    width = min(4, (len(contents).bit_length() + 7) // 8 + padding) or 1
    head = bytes((4, 0x80 | width)) + len(contents).to_bytes(width)
    data = ahead + head + contents + behind

    start, stop = ber.expect(data, len(ahead), len(data), ber.OCTETS)

    assert contents == data[start:stop]
    with pytest.raises(MalformedError, match=r"tag 0x4 where 0x2 was due"):
        ber.expect(data, len(ahead), len(data), ber.INTEGER)
    if contents:
        with pytest.raises(MalformedError, match="longer than the datagram"):
            ber.read(data, len(ahead), stop - 1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut short"),
        (b"\x04", "cut short"),
        (b"\x04\x80ab\0\0", "a length that cannot be"),
        (b"\x04\xff", "a length that cannot be"),
        (b"\x04\x85\0\0\0\0\1a", "a length that cannot be"),
        (b"\x04\x82\1", "cut short"),
        (b"\x04\x02a", "longer than the datagram"),
        (b"\x04\x84\xff\xff\xff\xffa", "longer than the datagram"),
    ],
)
def test_what_is_no_element_says_why(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        ber.read(data, 0, len(data))


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"\x80", "does not end"),
        (b"\x2b\x86", "does not end"),
        (b"\x90\x80\x80\x80\x00", "beyond 32 bits"),
        (b"\xff" * 700, "beyond 32 bits"),
        (b"\x80" * 700, "does not end"),
        (b"\x01" * 641, "does not end"),
    ],
)
def test_what_is_no_name_is_not_read(contents: bytes, why: str) -> None:
    for read in (ber.numbers_of, ber.dotted):
        with pytest.raises(MalformedError, match=why):
            read(contents)
    with pytest.raises(MalformedError, match="empty"):
        ber.dotted(b"")


READERS: list[Callable[[bytes], Any]] = [
    lambda data: ber.read(data, 0, len(data)),
    lambda data: ber.number(data, 0, len(data)),
    lambda data: ber.expect(data, 0, len(data), ber.SEQUENCE),
    lambda data: ber.unsigned(data, 32),
    lambda data: ber.unsigned(data, 64),
    ber.signed,
    ber.numbers_of,
    ber.dotted,
]


@given(data=st.binary(max_size=700))
def test_of_any_bytes_something_is_read_or_they_are_malformed(data: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(MalformedError):
            read(data)


def test_no_length_makes_anybody_take_memory() -> None:
    tracemalloc.start()
    try:
        for data in (b"\x30\x84\x7f\xff\xff\xff", b"\xff" * 65_535, b"\x01" * 65_535):
            for read in READERS:
                with contextlib.suppress(MalformedError):
                    read(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
