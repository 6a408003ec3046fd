"""How does a write request of Prometheus lie on the wire: remote write 1.0, protobuf by hand.

WriteRequest { repeated TimeSeries timeseries = 1 }
TimeSeries { repeated Label labels = 1; repeated Sample samples = 2 }
Label { string name = 1; string value = 2 }    Sample { double value = 1; int64 timestamp = 2 }
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_SHORT: Final = 6  # bytes of a timestamp between 1970 and 2109; all others take ten
_LONG: Final = 10
ONE: Final = 12 + _SHORT  # bytes of a sample


def varint(number: int) -> bytes:
    """A length, as short as it can be."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def length(data: bytes, at: int) -> tuple[int, int]:
    """The number that stands there, and where it ends."""
    number, shift = 0, 0
    while True:
        byte = data[at]
        at, number, shift = at + 1, number | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return number, at


def _text(field: int, data: bytes) -> bytes:
    return bytes([field << 3 | 2]) + varint(len(data)) + data


def _label(name: str, value: str) -> bytes:
    return _text(1, _text(1, name.encode()) + _text(2, value.encode()))


def labelled(labels: Mapping[str, str]) -> bytes:
    """Labels of a TimeSeries, sorted by name as the specification demands."""
    return b"".join(_label(name, value) for name, value in sorted(labels.items()))


_name: Final = lru_cache(lambda metric: _label("__name__", metric))  # before all letters


def series(metric: str, labels: bytes) -> bytes:
    """The TimeSeries of one sample, up to that sample: nearly all are such."""
    name = _name(metric)
    return b"\x0a" + varint(len(name) + len(labels) + ONE) + name + labels


def of_many(one: bytes, samples: bytes) -> bytes:
    """The TimeSeries of several samples that `series` has begun for one."""
    _, at = length(one, 1)
    return b"\x0a" + varint(len(one) - at + len(samples)) + one[at:] + samples


def sampled(times: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> npt.NDArray[np.void]:
    """The n samples of TimeSeries, all of one length.

    Each timestamp is padded to the same length: a varint may have more bytes than it needs.
    """
    fits = bool(len(times)) and times.min() >= 0 and times.max() < 1 << 7 * _SHORT
    width = _SHORT if fits else _LONG
    layout = [("head", "u1", 3), ("value", "<f8"), ("field", "u1"), ("time", "u1", width)]
    out = np.zeros(len(times), np.dtype(layout))
    out["head"] = (2 << 3 | 2, 10 + width, 1 << 3 | 1)
    out["value"] = values
    out["field"] = 2 << 3
    shifts = np.arange(width, dtype=np.uint64) * np.uint64(7)
    out["time"] = times.view(np.uint64)[:, None] >> shifts & np.uint64(0x7F)
    out["time"][:, :-1] |= 0x80
    return out.view(f"V{out.dtype.itemsize}")
