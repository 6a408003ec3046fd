"""Does a frame come back from its bytes as it was, or not at all?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edunet.frame import Frame
from edunet.log.record import HEADER, DamagedError, decode, encode, length


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    n = draw(st.integers(0, 12))
    kinds: dict[str, np.dtype[Any]] = {
        "in_octets": np.dtype(np.uint64),
        "rtt_s": np.dtype(np.float64),
        "oper": np.dtype(np.int16),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(kinds))))
    return Frame(
        kind=draw(st.sampled_from(["interface", "probe", "a", "x" * 12])),
        slots=draw(arrays(np.int32, n)),
        times=draw(arrays(np.int64, n)),
        columns={name: draw(arrays(kinds[name], n)) for name in chosen},
        reason={name: draw(arrays(np.uint8, n)) for name in chosen if draw(st.booleans())},
        uptime=draw(arrays(np.uint32, n)),
    )


def same(one: Frame, other: Frame) -> bool:
    """Bit for bit, NaN payloads and types included."""
    return shape(one) == shape(other)


def shape(frame: Frame) -> object:
    named: dict[str, npt.NDArray[Any]] = {
        "slots": frame.slots,
        "times": frame.times,
        "uptime": frame.uptime,
    }
    named |= {f"c.{k}": v for k, v in frame.columns.items()}
    named |= {f"r.{k}": v for k, v in frame.reason.items()}
    return frame.kind, {name: (a.dtype, a.tobytes()) for name, a in named.items()}


@given(frames())
def test_a_frame_comes_back_bit_for_bit(frame: Frame) -> None:
    record = encode(frame)

    assert len(record) == length(record[: HEADER.size])
    assert same(frame, decode(record))


@given(frames(), st.data())
def test_a_flipped_bit_is_noticed_wherever_it_is(frame: Frame, data: st.DataObject) -> None:
    record = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(record) * 8 - 1))
    record[at // 8] ^= 1 << at % 8

    with pytest.raises(DamagedError):
        decode(bytes(record))


@given(frames(), st.data())
def test_a_record_cut_short_is_noticed(frame: Frame, data: st.DataObject) -> None:
    record = encode(frame)

    with pytest.raises(DamagedError):
        decode(record[: data.draw(st.integers(0, len(record) - 1))])


@given(st.binary(max_size=200))
def test_noise_is_no_record(noise: bytes) -> None:
    with pytest.raises(DamagedError):
        decode(noise)


@pytest.mark.parametrize("kind", ["", "x" * 13, "with space", "接口", "nul\0"])
def test_a_kind_no_header_can_hold_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="cannot be logged"):
        encode(Frame(kind, np.zeros(0, np.int32), np.zeros(0, np.int64), {}))


def test_a_column_of_another_type_is_refused() -> None:
    odd = np.zeros(1, np.complex128)
    frame = Frame("probe", np.zeros(1, np.int32), np.zeros(1, np.int64), {"rtt_s": odd})  # type: ignore[dict-item]

    with pytest.raises(ValueError, match="complex128"):
        encode(frame)


def test_columns_are_stored_as_they_are_documented() -> None:
    """Read by hand, without our decoder: the format is a promise to other programs."""
    frame = Frame(
        "probe",
        np.array([7], np.int32),
        np.array([1_790_000_000_123], np.int64),
        {"loss": np.array([0.25])},
        uptime=np.array([9], np.uint32),
    )
    record = encode(frame)

    assert record[:4] == b"EFr1"
    assert 1 == int.from_bytes(record[8:12], "little")
    assert b"probe" == record[16:28].rstrip(b"\0")
    body = record[32:]
    size = int.from_bytes(body[:4], "little")
    assert (
        b'[["slots","<i4"],["times","<i8"],["uptime","<u4"],["columns.loss","<f8"]]'
        == body[4 : 4 + size]
    )
    at = -(-(4 + size) // 8) * 8
    expected = (
        (7).to_bytes(8, "little")
        + (1_790_000_000_123).to_bytes(8, "little")
        + (9).to_bytes(8, "little")
        + bytes.fromhex("000000000000d03f")  # 0.25 = 2^-2: exponent 1021, mantissa 0
    )
    assert expected == body[at:]
