"""Is a line of a recording read as it is meant, and a broken one named?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.errors import LabError
from lab import ber, snmprec
from lab.recording import load


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "device.snmprec"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("rate=0,initial=-5,min=-9", [-5, -5]),
        ("min=1,max=2,wrap=1,initial=2", [2, 2]),
        ("min=0,max=7,rate=2", [0, 7]),
        ("min=0,scale=95,function=cos,rate=0.1", [95, 0]),
        ("scale=3,wrap=1,min=25,max=50,initial=39", [39, 25]),
        ("rate=0.5,offset=10", [10, 25]),
    ],
)
def test_a_number_moves_as_its_options_say(options: str, expected: list[int]) -> None:
    """At second 0 and at second 30."""
    _, moving = snmprec.line(f"1.3.1|2:numeric|{options}".encode())
    assert not isinstance(moving, bytes)

    found = [int.from_bytes(moving.value(at)[2:], signed=True) for at in (0, 30)]

    assert found == expected


def test_a_deviation_stays_within_its_bounds_and_is_the_same_every_time() -> None:
    _, moving = snmprec.line(b"1.3.1|66:numeric|min=0,max=100,rate=0,initial=50,deviation=9")
    assert not isinstance(moving, bytes)

    seen = [int.from_bytes(moving.value(second)[2:]) for second in range(500)]

    assert seen == [int.from_bytes(moving.value(second)[2:]) for second in range(500)]
    assert 41 <= min(seen) < 45
    assert 55 < max(seen) <= 59


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("hello", r"no OID\|TAG\|VALUE"),
        ("1.3.1|4", r"no OID\|TAG\|VALUE"),
        ("1.3.x|4|a", "'1.3.x' is no OID"),
        ("1|4|a", "'1' is no OID"),
        ("|4|a", "'' is no OID"),
        ("3.1|4|a", "'3.1' is no OID"),
        ("1.40|4|a", "'1.40' is no OID"),
        ("1.3.4294967296|4|a", "is no OID"),
        ("1.3" + ".1" * 300 + "|4|a", "is no OID"),
        ("1.3.1||a", "tag '' cannot be"),
        ("1.3.1|4y|a", "tag '4y' cannot be"),
        ("1.3.1|99|a", "tag 99 is no type of a value; those are 2, 4, 5, 6, 64"),
        ("1.3.1|2|seven", "'seven' is no whole number"),
        ("1.3.1|2|2147483648", "'2147483648' lies outside"),
        ("1.3.1|65|-1", "'-1' lies outside 0..4294967295, the range of tag 65"),
        ("1.3.1|70|18446744073709551616", "lies outside"),
        ("1.3.1|4x|0g", "'0g' is not hexadecimal"),
        ("1.3.1|2x|00", "1 bytes are no value of tag 2"),
        ("1.3.1|64x|0a00", "2 bytes are no value of tag 64"),
        ("1.3.1|64|10.0.0.256", "'10.0.0.256' is no IPv4 address"),
        ("1.3.1|6|up", "'up' is no OID"),
        ("1.3.1|5|x", "a null that has a value"),
        ("1.3.1|4:sql|x", "module 'sql' is not played here"),
        ("1.3.1|4:numeric|rate=1", "module 'numeric' is not played here"),
        ("1.3.1|2:numeric|cumulative=1", "numeric: option 'cumulative' is not played here"),
        ("1.3.1|2:numeric|rate=fast", "numeric: rate 'fast' is no number"),
        ("1.3.1|2:numeric|rate=nan", "numeric: rate 'nan' is no number"),
        ("1.3.1|2:numeric|initial=1e999", "numeric: initial '1e999' is no number"),
        ("1.3.1|2:numeric|min=5,max=4", "numeric: min and max lie outside"),
        ("1.3.1|2:numeric|function=exit", "numeric: function 'exit' is not played here"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, wrong: str) -> None:
    path = write(tmp_path, f"1.3.6.1.2.1.1.1.0|4|fine\n# a remark\n\n{line}\n")

    with pytest.raises(LabError, match=f"^{path}:4: .*{wrong}") as refused:
        load(path)
    assert len(str(refused.value)) < 400


def test_special_values_are_read(tmp_path: Path) -> None:
    lines = (
        b'1.3.1|4e|a\\x00\\n\\"\\\\\n.1.3.2|4|\xd6\xc1 \n1.3.3|64|hSh1\n1.3.4|4x|abc\n1.3.5|5|\n'
    )

    values = load(write(tmp_path, lines)).values

    texts = [b'a\0\n"\\', b"\xd6\xc1 ", b"\xab\xc0"]
    expected = [ber.element(ber.OCTETS, text) for text in texts]
    expected.insert(2, ber.element(ber.IP_ADDRESS, b"hSh1"))
    assert values == [*expected, ber.NULL]


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_a_line_is_read_or_refused_in_words(text: bytes) -> None:
    try:
        key, value = snmprec.line(text)
    except ValueError:
        return
    assert key
    assert value


@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=30), max_size=20))
def test_sortable_oids_sort_as_oids_and_come_back(oids: list[list[int]]) -> None:
    keys = [snmprec.sortable(tuple(oid)) for oid in oids]

    assert [list(snmprec.numbers(key)) for key in sorted(keys)] == sorted(oids)
