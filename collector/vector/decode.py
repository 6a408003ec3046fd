"""What do many replies say? All of them are read in lockstep, every byte in doubt.

Only what is plainly written is read here: definite lengths of one byte inside, answers without an
error. Everything else is left to the scalar decoder; nothing here is ever guessed.
"""

from __future__ import annotations

import socket
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.vector.layout import LONGEST_NAME, Ints, Layout, Words
from collector.vector.mmsg import ROOM, STRIDE, Batch

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_MASK: Final = np.array([(1 << 8 * n) - 1 for n in range(9)] + [2**64 - 1] * 247, np.uint64)
"""bytes -> the bits of a number of so many bytes."""

_PARTS: Final = np.array(
    [[(1 << 8 * min(max(n - 8 * k, 0), 8)) - 1 for k in range(LONGEST_NAME // 8)]
     for n in range(LONGEST_NAME + 1)],
    np.uint64,
)  # fmt: skip
"""bytes of a text -> which bits of its words count."""


_8: Final = np.uint64(8)
_THIRD: Final = np.uint64(0xFF0000)


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
    """The values of m replies of one layout: uint64[binds, m], tags and lengths uint8[binds, m].

    `zero`: bool[binds, m], whether the first byte is 0. `starts`: where each begins.
    `plain`: bool[m], whether every name and length is the one that was due.
    """

    numbers: Words
    tags: Bytes
    lengths: Bytes
    zero: Bools
    starts: Ints
    plain: Bools

    def of(self, some: Bools) -> Values:
        """Those of some replies alone."""
        return Values(
            self.numbers[:, some], self.tags[:, some], self.lengths[:, some], self.zero[:, some],
            self.starts[:, some], self.plain[some],
        )  # fmt: skip


def heads(batch: Batch, count: int) -> Heads:
    """The first `count` datagrams of a batch."""
    data = batch.buffer
    start = ROOM + np.arange(count, dtype=np.int64) * STRIDE
    size = batch.lengths[:count].astype(np.int64)
    end = start + size
    whole, p, inner = _opened(data, start, 0x30)
    plain = whole & (p + inner == end) & (size > 0)
    plain &= (data[p] == 2) & (data[p + 1] == 1) & (data[p + 2] == 1)
    plain &= data[p + 3] == 4
    width = data[p + 4].astype(np.int64)
    plain &= width < 0x80
    community = p + 5
    p = community + np.minimum(width, 0x7F)
    whole, p, inner = _opened(data, p, 0xA2)
    plain &= whole & (p + inner == end)
    plain &= (data[p] == 2) & (data[p + 1] == 4)
    ids = batch.words[p - 2].byteswap().astype(np.uint32)
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
    data = batch.buffer
    sizes = layout.sizes[template].T  # binds, m
    # Values are mostly as long as they were the last time: where all are, nothing need be walked.
    before = layout.widths[local].T
    at = np.empty((len(sizes) + 1, len(p)), np.int64)
    at[0] = p
    np.cumsum(sizes + before + 4, axis=0, out=at[1:])
    at[1:] += p
    tag_at = at[:-1] + sizes + 2
    said = batch.words[tag_at]  # tag, length, and the value's first bytes
    lengths = (said >> _8).astype(np.uint8)
    other = np.flatnonzero((at[-1] != end) | (lengths != before).any(axis=0))
    if len(other):
        at[:, other] = _walked(data, np.ascontiguousarray(sizes[:, other]), p[other])
        tag_at[:, other] = at[:-1, other] + sizes[:, other] + 2
        said[:, other] = batch.words[tag_at[:, other]]
        lengths[:, other] = (said[:, other] >> _8).astype(np.uint8)
    begin, stop = at[:-1], at[1:]
    size = data[begin + 1]
    plain = (data[begin] == 0x30) & (size == sizes + 2 + lengths) & (size < 0x80)
    plain &= batch.words[begin + 2] == layout.first[template].T
    plain &= batch.words[tag_at - 8] == layout.last[template].T
    if layout.long:
        plain &= (sizes <= 16) | (batch.words[begin + 10] == layout.middle[template].T)
    numbers = batch.words[stop - 8].byteswap()
    numbers &= _MASK.take(lengths)
    whole = plain.all(axis=0) & (stop[-1] == end)
    if len(other):
        told = other[whole[other]]
        layout.widths[local[told]] = lengths[:, told].T
    zero = (said & _THIRD) == 0
    return Values(numbers, said.astype(np.uint8), lengths, zero, tag_at + 2, whole)


def _walked(data: Bytes, sizes: Ints, p: Ints) -> Ints:
    """Where each bind begins, and the last ends: int64[binds + 1, m]; follows the lengths alone."""
    limit = data.size - 2 * LONGEST_NAME - 300
    at = np.empty((len(sizes) + 1, len(p)), np.int64)
    at[0] = p
    for row, size in enumerate(sizes):
        after = at[row] + (size + 3)
        np.minimum(after + data[after] + 1, limit, out=at[row + 1])
    return at


def same_text(
    batch: Batch, at: npt.NDArray[Any], size: npt.NDArray[Any], words: Words, length: Ints
) -> Bools:
    """Whether the bytes at these places are these texts; `words` has four for each of them."""
    fits = (size == length) & (length <= LONGEST_NAME)
    masks = _PARTS[np.where(fits, length, 0)]
    at = np.minimum(at, batch.words.size - LONGEST_NAME)
    for k in range(LONGEST_NAME // 8):
        fits = fits & ((batch.words[at + 8 * k] & masks[..., k]) == words[..., k])
    return np.asarray(fits, bool)


def same_sender(names: Bytes, addresses: Bytes) -> Bools:
    """bool[n]: whether addresses and ports are equal, row by row; uint8[n, NAME] both."""
    same = names == addresses
    four = same[:, :8].all(axis=1)  # family, port, address
    six = same[:, :4].all(axis=1) & same[:, 8:24].all(axis=1)  # neither flow nor scope
    return np.asarray(np.where(names[:, 0] == socket.AF_INET6, six, four), bool)
