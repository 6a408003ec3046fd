"""What do many replies say? All of them are read in lockstep, every byte in doubt.

Only what is plainly written is read here: definite lengths of one byte inside, answers without an
error. Everything else is left to the scalar decoder; nothing here is ever guessed.
"""

from __future__ import annotations

import socket
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.vector.batch import ROOM, STRIDE, Batch
from collector.vector.layout import LONGEST_NAME, Ints, Layout, Words

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_SHIFT: Final = np.array([64 - 8 * min(n, 8) for n in range(256)], np.uint64)
"""bytes of a number -> bits of eight bytes that are not its own."""

_PARTS: Final = np.array(
    [[(1 << 8 * min(max(n - 8 * k, 0), 8)) - 1 for k in range(LONGEST_NAME // 8)]
     for n in range(LONGEST_NAME + 1)],
    np.uint64,
)  # fmt: skip
"""bytes of a text -> which bits of its words count."""


_TAG_AT: Final = 16  # in the words that are looked at of each bind
_LONGEST: Final = 9  # bytes of a number: a zero that keeps the sign bit free, and eight
_8, _16, _24, _40, _48 = np.array([8, 16, 24, 40, 48], np.uint64)


class Heads(NamedTuple):
    """What stands before the values of n replies.

    Attributes:
        plain: bool[n], whether it is an answer without an error, written plainly.
        ids: uint32[n], request-ids (0 where there is none of four bytes).
        community, size: where each community begins, and how long it is.
        values, end: where the values begin and the datagram ends.
    """

    plain: Bools
    ids: npt.NDArray[np.uint32]
    community: Ints
    size: Ints
    values: Ints
    end: Ints


class Values(NamedTuple):
    """The values of m replies of one layout.

    Attributes:
        numbers: uint64[m, binds], of those of at most nine bytes. tags, lengths: uint8[m, binds].
        first: uint8[m, binds], the first byte of each. starts: int64[m, binds], where it lies.
        plain: bool[m], whether every name and length is the one that was due.
    """

    numbers: Words
    tags: Bytes
    lengths: Bytes
    first: Bytes
    starts: Ints
    plain: Bools

    def of(self, some: Bools) -> Values:
        """Those of some replies alone."""
        if some.all():
            return self
        parts: Any = [each[some] for each in self]
        return Values(*parts)


def heads(batch: Batch, count: int) -> Heads:
    """The first `count` datagrams of a batch."""
    data = batch.buffer
    start = ROOM + np.arange(count, dtype=np.int64) * STRIDE
    size = batch.lengths[:count].astype(np.int64)
    end = start + size
    whole, p, inner = _opened(data, start, 0x30)
    plain = whole & (p + inner == end) & (size > 0) & (size <= STRIDE)
    plain &= (data[p] == 2) & (data[p + 1] == 1) & (data[p + 2] == 1)
    plain &= data[p + 3] == 4
    width = data[p + 4].astype(np.int64)
    plain &= width < 0x80
    community = p + 5
    p = community + np.minimum(width, 0x7F)
    whole, p, inner = _opened(data, p, 0xA2)
    plain &= whole & (p + inner == end)
    plain &= (data[p] == 2) & (data[p + 1] == 4)
    ids = (batch.words(p + 2)[:, 0].byteswap() >> np.uint64(32)).astype(np.uint32)
    plain &= ids != 0  # that is the id of a free place
    p = p + 6
    plain &= (data[p] == 2) & (data[p + 1] == 1) & (data[p + 2] == 0)
    plain &= (data[p + 3] == 2) & (data[p + 4] == 1)
    whole, p, inner = _opened(data, p + 6, 0x30)
    plain &= whole & (p + inner == end)
    return Heads(plain, np.where(plain, ids, 0).astype(np.uint32), community, width, p, end)


def _opened(data: Bytes, at: Ints, tag: int) -> tuple[Bools, Ints, Ints]:
    """Whether an element of this tag is there, where its contents begin and how long they are."""
    first = data[at + 1].astype(np.int64)
    one, two = data[at + 2].astype(np.int64), data[at + 3].astype(np.int64)
    two_bytes = first == 0x82
    size = np.where(two_bytes, one << 8 | two, first)
    begin = at + 2 + 2 * two_bytes
    one_byte = first == 0x81
    if one_byte.any():
        size[one_byte] = one[one_byte]
        begin[one_byte] += 1
    return (data[at] == tag) & ((first < 0x80) | two_bytes | one_byte), begin, size


def values(batch: Batch, layout: Layout, template: Ints, local: Ints, p: Ints, end: Ints) -> Values:
    """The values of replies to these questions of a layout, put by these templates; from `p` on."""
    # Values are mostly as long as they were the last time: where all are, nothing need be walked.
    begins = layout.begins[local]
    found = _read(batch, layout, template, begins, p)
    found.plain[begins[:, -1] + p != end] = False
    other = np.flatnonzero(~found.plain)
    if len(other):
        template, p = template[other], p[other]
        begins = _walked(batch.buffer, layout.sizes[template].T, p)
        again = _read(batch, layout, template, begins, p)
        again.plain[begins[:, -1] + p != end[other]] = False
        mine: Any
        for mine, theirs in zip(found, again, strict=True):
            mine[other] = theirs
        layout.begins[local[other[again.plain]]] = begins[again.plain]
    return found


def _read(
    batch: Batch, layout: Layout, template: Ints, begins: npt.NDArray[np.uint16], p: Ints
) -> Values:
    """The values where binds begin like this; `plain` are those where they do, in a row."""
    begin = np.add(begins[:, :-1], p[:, None], dtype=np.int64)
    sizes = layout.sizes[template]
    at = begin + sizes
    at += 2 - _TAG_AT
    words = batch.words(at)
    said = words[..., 2]  # tag, length, and the value's first bytes
    tags, lengths = said.astype(np.uint8), (said >> _8).astype(np.uint8)
    inner = batch.buffer[begin + 1]
    plain = inner == sizes + lengths + 2
    plain &= inner < 0x80
    plain &= np.diff(begins, axis=1) == inner + np.uint16(2)
    plain &= (words[..., 0] & layout.kept[2][template]) == layout.keys[2][template]
    plain &= words[..., 1] == layout.keys[3][template]
    if layout.long:
        before = batch.words(at - _TAG_AT)
        for k in range(2):
            plain &= (before[..., k] & layout.kept[k][template]) == layout.keys[k][template]
    numbers = said >> _16
    numbers |= words[..., 3] << _48
    numbers = numbers.byteswap() >> _SHIFT.take(lengths)
    longest = lengths == _LONGEST
    if longest.any():
        numbers[longest] = (said[longest] >> _24 | words[longest, 3] << _40).byteswap()
    first = (said >> _16).astype(np.uint8)
    return Values(numbers, tags, lengths, first, at + (_TAG_AT + 2), plain.all(axis=1))


def _walked(data: Bytes, sizes: Ints, p: Ints) -> npt.NDArray[np.uint16]:
    """Where each bind begins and the last ends, from `p` on: [m, binds + 1]; by lengths alone."""
    at = np.zeros((len(sizes) + 1, len(p)), np.int64)
    for row, size in enumerate(sizes):
        after = p + at[row] + size + 3
        np.minimum(at[row] + (size + 4) + data[after], STRIDE, out=at[row + 1])
    return np.ascontiguousarray(at.T.astype(np.uint16))


def same_text(
    batch: Batch, at: npt.NDArray[Any], size: npt.NDArray[Any], words: Words, length: Ints
) -> Bools:
    """Whether the bytes at these places are these texts; `words` has four for each of them."""
    fits = (size == length) & (length <= LONGEST_NAME)
    masks = _PARTS[np.where(fits, length, 0)]
    return np.asarray(fits & ((batch.words(at) & masks) == words).all(axis=-1), bool)


def same_sender(names: Bytes, addresses: Bytes) -> Bools:
    """bool[n]: whether addresses and ports are equal, row by row; uint8[n, NAME] both."""
    same = names == addresses
    four = same[:, :8].all(axis=1)  # family, port, address
    six = same[:, :4].all(axis=1) & same[:, 8:24].all(axis=1)  # neither flow nor scope
    return np.asarray(np.where(names[:, 0] == socket.AF_INET6, six, four), bool)
