"""Reads remote write requests by the letter of the protocol, without our writer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import cramjam

Series = dict[tuple[tuple[str, str], ...], list[tuple[int, float]]]


class Sent(NamedTuple):
    """One TimeSeries as it was sent: labels in their order, (ms, value) in theirs."""

    labels: tuple[tuple[str, str], ...]
    samples: list[tuple[int, float]]


def request(raw: bytes) -> list[Sent]:
    """The series of one request."""
    data = bytes(cramjam.snappy.decompress_raw(raw))
    return [_series(body) for number, body in _fields(data) if number == 1]


def _series(data: bytes) -> Sent:
    labels, samples = [], []
    for number, body in _fields(data):
        inner = dict(_fields(body))
        if number == 1:
            labels.append((inner[1].decode(), inner[2].decode()))
        else:
            (value,) = struct.unpack("<d", inner[1])
            samples.append((int.from_bytes(inner[2], "little", signed=True), value))
    return Sent(tuple(labels), samples)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            number, at = _varint(data, at)
            yield tag >> 3, number.to_bytes(8, "little")
        elif kind == 1:
            yield tag >> 3, data[at : at + 8]
            at += 8
        else:
            assert kind == 2
            size, at = _varint(data, at)
            assert at + size <= len(data)
            yield tag >> 3, data[at : at + size]
            at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number & (1 << 64) - 1, at


class Receiver:
    """Takes samples as Prometheus 2 without an out-of-order window does: all of a body or none."""

    def __init__(self) -> None:
        self.series: Series = {}
        self.bodies: list[list[Sent]] = []

    def take(self, raw: bytes) -> str | None:
        """What is wrong with a request, or None when it was stored."""
        sent = request(raw)
        self.bodies.append(sent)
        stored = {labels: list(samples) for labels, samples in self.series.items()}
        for labels, samples in sent:
            held = stored.setdefault(labels, [])
            for time, value in samples:
                if held and time < held[-1][0]:
                    return "out of order sample"
                if held and time == held[-1][0]:
                    if struct.pack("<d", value) != struct.pack("<d", held[-1][1]):  # by its bits
                        return "duplicate sample for timestamp"
                    continue
                held.append((time, value))
        self.series = stored
        return None
