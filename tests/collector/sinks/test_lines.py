"""Does a line say what the frame says, and nothing it does not know?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sinks._lines import FIELDS, Lines, tag
from edunet.frame import Frame, Reason
from edunet.metrics import NAMES


def lines(frame: Frame, labels: Mapping[str, str] | None = None) -> list[str]:
    encoder = Lines(lambda kind, slot: {"device": f"d{slot}"} if labels is None else labels)
    return b"\n".join(encoder.bodies([frame])).decode().splitlines()


def frame(kind: str, columns: Mapping[str, object], **reason: int) -> Frame:
    """One row of slot 7."""
    return Frame(
        kind,
        np.array([7], np.int32),
        np.array([1_790_000_000_123], np.int64),
        {name: np.array([value]) for name, value in columns.items()},
        {name: np.array([code], np.uint8) for name, code in reason.items()},
    )


def test_an_interface_says_its_counters_state_and_speed() -> None:
    columns = {
        "in_octets": np.uint64(123),
        "out_octets": np.uint64(456),
        "in_errors": np.uint64(1),
        "out_errors": np.uint64(2),
        "in_discards": np.uint64(3),
        "out_discards": np.uint64(4),
        "oper": np.int16(1),
        "admin": np.int16(1),
        "speed": 1e9,
        "in_bps": 10.5,
    }

    assert [
        "interface,device=d7 receive_bytes_total=123i,transmit_bytes_total=456i,"
        "receive_errors_total=1i,transmit_errors_total=2i,"
        "receive_discards_total=3i,transmit_discards_total=4i,"
        "up=1i,speed_bits_per_second=1000000000.0 1790000000123"
    ] == sorted_fields(lines(frame("interface", columns)), columns)


def sorted_fields(found: list[str], _: object) -> list[str]:
    """The order of fields has no meaning: put them as the test wrote them."""
    order = [
        "receive_bytes",
        "transmit_bytes",
        "receive_e",
        "transmit_e",
        "receive_d",
        "transmit_d",
    ]
    order += ["up", "speed"]

    def put(line: str) -> str:
        head, fields, time = line.split(" ")
        known = sorted(
            fields.split(","), key=lambda f: next(i for i, o in enumerate(order) if f.startswith(o))
        )
        return f"{head} {','.join(known)} {time}"

    return [put(line) for line in found]


@pytest.mark.parametrize(
    ("columns", "reason", "expected"),
    [
        pytest.param({"rtt_s": 0.25, "loss": math.nan}, {}, "rtt_seconds=0.25", id="nan"),
        pytest.param({"rtt_s": math.inf, "loss": 1.0}, {}, "loss_ratio=1.0", id="infinity"),
        pytest.param(
            {"rtt_s": 0.25, "loss": 0.0},
            {"rtt_s": Reason.MALFORMED},
            "loss_ratio=0.0",
            id="not believed",
        ),
        pytest.param({"rtt_s": math.nan, "loss": math.nan}, {}, None, id="nothing known"),
        pytest.param({}, {}, None, id="no columns"),
        pytest.param({"unheard_of": 1.0}, {}, None, id="a column without a metric"),
    ],
)
def test_what_is_unknown_is_left_out(
    columns: Mapping[str, float], reason: Mapping[str, int], expected: str | None
) -> None:
    found = lines(frame("probe", columns, **reason))

    assert found == ([] if expected is None else [f"probe,device=d7 {expected} 1790000000123"])


@pytest.mark.parametrize(
    ("kind", "column", "code", "expected"),
    [
        ("interface", "oper", 1, "up=1i"),
        ("interface", "oper", 2, "up=0i"),
        ("interface", "oper", 7, "up=0i"),
        ("interface", "oper", 4, None),  # unknown(4) of the IF-MIB
        ("interface", "oper", -1, None),
        ("link", "state", 0, None),
        ("link", "state", 1, "up=1i"),
        ("link", "state", 2, "up=1i"),
        ("link", "state", 3, "up=0i"),
        ("school", "state", 4, "up=0i"),
        ("school", "state", -1, None),
        ("device", "state", 3, "up=0i"),
    ],
)
def test_up_is_one_zero_or_absent(kind: str, column: str, code: int, expected: str | None) -> None:
    found = lines(frame(kind, {column: np.int16(code)}))

    assert found == ([] if expected is None else [f"{kind},device=d7 {expected} 1790000000123"])


@pytest.mark.parametrize(
    ("value", "sent"), [(2**53 + 1, True), (2**63 - 1, True), (2**63, False), (2**64 - 1, False)]
)
def test_what_no_signed_integer_holds_is_not_sent_and_counted(value: int, sent: bool) -> None:
    encoder = Lines(lambda *_: {"device": "d"})
    body = b"".join(encoder.bodies([frame("interface", {"in_octets": np.uint64(value)})]))

    assert (f"receive_bytes_total={value}i" in body.decode()) is sent
    assert encoder.oversized == (not sent)


def test_a_series_nobody_can_name_is_left_out_and_counted() -> None:
    def labels(kind: str, slot: int) -> Mapping[str, str]:
        if slot == 1:
            raise KeyError(slot)
        return {"device": "d0", "county": ""} if slot == 0 else {"county": ""}

    encoder = Lines(labels)
    rows = Frame("probe", np.arange(3, dtype=np.int32), np.zeros(3, np.int64), {"loss": np.ones(3)})
    found = b"".join(encoder.bodies([rows]))

    assert b"probe,device=d0 loss_ratio=1.0 0" == found
    assert 2 == encoder.unnamed


def test_changed_labels_are_used_once_the_old_are_forgotten() -> None:
    county = ["c1"]
    encoder = Lines(lambda *_: {"county": county[0]})
    row = frame("probe", {"loss": 0.0})
    first = b"".join(encoder.bodies([row]))
    county[0] = "c2"
    encoder.forget()

    assert b"county=c1" in first
    assert b"county=c2" in b"".join(encoder.bodies([row]))


def test_a_body_has_at_most_so_many_lines_and_loses_none() -> None:
    rows = 25_003
    slots, times = np.arange(rows, dtype=np.int32), np.arange(rows, dtype=np.int64)
    wide = Frame("probe", slots, times, {"loss": np.zeros(rows)})
    bodies = list(Lines(lambda _, slot: {"device": str(slot)}).bodies([wide, wide]))

    assert [10_000] * 5 + [6] == [body.count(b"\n") + 1 for body in bodies]
    found = b"\n".join(bodies).decode().splitlines()
    assert found == [f"probe,device={n} loss_ratio=0.0 {n}" for n in [*range(rows)] * 2]


def test_every_metric_named_is_one_of_ours() -> None:
    for kind, columns in FIELDS.items():
        for metric, _ in columns.values():
            assert metric in NAMES
            assert metric.startswith(f"edunet_{kind}_")


def parse(line: str) -> tuple[str, dict[str, str], str, str]:
    """The protocol as InfluxDB documents it: `\\,`, `\\=` and `\\ ` are the character itself."""
    head, fields, time = re.split(r"(?<!\\) ", line)
    measurement, *tags = re.split(r"(?<!\\),", head)
    pairs = (re.split(r"(?<!\\)=", text) for text in tags)
    return measurement, {k: re.sub(r"\\([,= ])", r"\1", v) for k, v in pairs}, fields, time


@given(st.dictionaries(st.sampled_from(["site", "device", "interface", "carrier"]), st.text()))
def test_any_name_can_be_read_back(names: dict[str, str]) -> None:
    found = lines(frame("probe", {"loss": 0.5}), {**names, "role": "backbone"})

    assert 1 == len(found)
    measurement, tags, fields, time = parse(found[0])
    assert ("probe", "loss_ratio=0.5", "1790000000123") == (measurement, fields, time)
    expected = {key: plain(value) for key, value in names.items() if plain(value)}
    assert {**expected, "role": "backbone"} == tags
    assert list(tags) == sorted(tags)


def plain(text: str) -> str:
    """A name as a person would retype it: no control characters, no backslash."""
    bad = {*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\u2029"}
    return "".join(" " if c in bad else "/" if c == "\\" else c for c in text).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GE0/0/1", "GE0/0/1"),
        ("城东 实验,小学=1", "城东\\ 实验\\,小学\\=1"),
        ("ends with\\", "ends\\ with/"),
        ("a\nb", "a\\ b"),
        ("\ud800", ""),
        (" ", ""),
    ],
)
def test_tags_are_escaped(text: str, expected: str) -> None:
    assert expected == tag(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_written_so_that_it_reads_the_same(value: float) -> None:
    (line,) = lines(frame("probe", {"rtt_s": value}))

    assert float(line.split(" ")[1].removeprefix("rtt_seconds=")) == value
