"""How does a frame lie on the disk: a header with checksums, then its columns as raw arrays.

    magic "EFr1" | body length u32 | rows u32 | crc32 of the body u32 | kind, 12 bytes | crc32 of
    the header so far u32 | body: length of the description u32, the description as JSON, padding
    to 8 bytes, then the arrays in its order, little-endian, each padded to 8 bytes

The digit of the magic is the version of the format.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from edunet.frame import Frame

MAGIC: Final = b"EFr1"
HEADER: Final = struct.Struct("<4sIII12sI")
MAX_BODY: Final = 256 << 20  # a province minute of 840,000 interfaces is about 90 MB
DTYPES: Final = {"<i4", "<i8", "<u4", "<u8", "<f8", "<i2", "|u1"}


class DamagedError(ValueError):
    """These bytes are not a record that was written whole."""


def encode(frame: Frame) -> bytes:
    """One record.

    Raises:
        ValueError: the frame is of a kind, a type of column or a size no record can hold.
    """
    if not re.fullmatch("[a-z0-9_-]{1,12}", frame.kind):
        raise ValueError(f"a frame of kind {frame.kind!r} cannot be logged; use 1-12 of a-z 0-9 _-")
    arrays: list[tuple[str, npt.NDArray[Any]]] = [
        ("slots", np.asarray(frame.slots)),
        ("times", np.asarray(frame.times)),
        ("uptime", np.asarray(frame.uptime)),
        *((f"columns.{name}", np.asarray(column)) for name, column in frame.columns.items()),
        *((f"reason.{name}", np.asarray(reason)) for name, reason in frame.reason.items()),
    ]
    little = [(name, a.astype(a.dtype.newbyteorder("<"), copy=False)) for name, a in arrays]
    for name, array in little:
        if array.dtype.str not in DTYPES or array.ndim != 1:
            raise ValueError(f"{frame.kind} {name} is {array.dtype}, which no frame column may be")
    described = orjson.dumps([[name, array.dtype.str] for name, array in little])
    parts = [_padded(struct.pack("<I", len(described)) + described)]
    parts += [_padded(array.tobytes()) for _, array in little]
    body = b"".join(parts)
    if len(body) > MAX_BODY:
        raise ValueError(f"a frame of {len(body)} bytes is over {MAX_BODY}; split it by slots")
    head = HEADER.pack(MAGIC, len(body), len(frame), zlib.crc32(body), frame.kind.encode(), 0)[:-4]
    return head + struct.pack("<I", zlib.crc32(head)) + body


def length(head: bytes) -> int:
    """Bytes of the whole record that begins with these `HEADER.size` bytes.

    Raises:
        DamagedError: it is no header.
    """
    if len(head) < HEADER.size or head[:4] != MAGIC:
        raise DamagedError("no header")
    _, size, _, _, _, check = HEADER.unpack(head[: HEADER.size])
    if zlib.crc32(head[: HEADER.size - 4]) != check or size > MAX_BODY:
        raise DamagedError("the header does not match its checksum")
    return HEADER.size + int(size)


def decode(record: bytes) -> Frame:
    """The frame that was written.

    Raises:
        DamagedError: the bytes are not what was written.
    """
    if len(record) != length(record[: HEADER.size]):
        raise DamagedError("cut short")
    _, _, rows, check, kind, _ = HEADER.unpack(record[: HEADER.size])
    body = memoryview(record)[HEADER.size :]
    if zlib.crc32(body) != check:
        raise DamagedError("the body does not match its checksum")
    try:
        size = int.from_bytes(body[:4], "little")
        described = orjson.loads(bytes(body[4 : 4 + size]))
        at = _up8(4 + size)
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, dtype in described:
            if dtype not in DTYPES:
                raise DamagedError(f"{name} is of no known type")
            stored = np.frombuffer(body, np.dtype(dtype), rows, at)
            arrays[name] = stored.astype(stored.dtype.newbyteorder("="), copy=False)
            at = _up8(at + stored.nbytes)
        return Frame(
            kind=kind.rstrip(b"\0").decode("ascii"),
            slots=arrays.pop("slots"),
            times=arrays.pop("times"),
            uptime=arrays.pop("uptime"),
            columns={n[8:]: a for n, a in arrays.items() if n.startswith("columns.")},
            reason={n[7:]: a for n, a in arrays.items() if n.startswith("reason.")},
        )
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise DamagedError(f"the description is wrong: {error}") from None


def _up8(size: int) -> int:
    return (size + 7) & ~7


def _padded(data: bytes) -> bytes:
    return data.ljust(_up8(len(data)), b"\0")
