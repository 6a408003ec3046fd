"""How does a write request of Prometheus lie on the wire: remote write 1.0, protobuf by hand.

WriteRequest { repeated TimeSeries timeseries = 1 }
TimeSeries { repeated Label labels = 1; repeated Sample samples = 2 }
Label { string name = 1; string value = 2 }    Sample { double value = 1; int64 timestamp = 2 }
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_SHORT: Final = 6  # bytes of a timestamp between 1970 and 2109; all others take ten
_LONG: Final = 10


def varint(number: int) -> bytes:
    """A length, as short as it can be."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _text(field: int, data: bytes) -> bytes:
    return bytes([field << 3 | 2]) + varint(len(data)) + data


def labelled(metric: str, labels: Mapping[str, str]) -> bytes:
    """The labels of a TimeSeries, sorted by name as the specification demands."""
    pairs = sorted({"__name__": metric, **labels}.items())
    return b"".join(
        _text(1, _text(1, name.encode()) + _text(2, value.encode())) for name, value in pairs
    )


def series(labels: bytes, samples: bytes) -> bytes:
    """One TimeSeries of a WriteRequest."""
    return b"\x0a" + varint(len(labels) + len(samples)) + labels + samples


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
