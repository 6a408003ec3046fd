"""A device's questions, compiled: which bytes to send, and where in a reply what stands.

A *layout* is the form of a reply: so many scalars, then so many rows of the same objects of a
table. A *template* is a layout with its OIDs: all devices with the same indexes share one. A
*question* is a template put to one device. What is known of them lies in arrays, a row each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.mibs import Column, Mib, Source
from collector.snmp import ber, pdu

LONGEST_NAME: Final = 32  # bytes of a row's name that are compared at once
HOLE: Final = 0x40000000  # stands for the request-id: four bytes on the wire, whatever it is
_KEYS: Final = 4  # words before a value's tag that are compared at most
_SHORT_KEY: Final = 14  # bytes of a name with its tag and length: the last two words cover it
_LEAST_KEY: Final = 6  # and the last one is full
_MOST_KEY: Final = 30
_ALL: Final = 2**64 - 1

ABSENT: Final = np.isin(
    np.arange(256), (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW)
)
"""tag -> whether it says that there is nothing."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class Form(NamedTuple):
    """What tells one layout of a table from another: names on the wire, without the row's.

    A reply holds the scalars, then for each of `rows` rows its name, where rows have any, and its
    objects. `bulk`: it is asked for by GETBULK, which needs rows that follow each other.
    """

    table: Mib
    scalars: tuple[bytes, ...]
    name: tuple[bytes, ...]  # one or none
    objects: tuple[bytes, ...]
    rows: int
    bulk: bool = False

    @property
    def row(self) -> tuple[bytes, ...]:
        """What a row holds."""
        return self.name + self.objects

    @property
    def binds(self) -> int:
        return len(self.scalars) + self.rows * len(self.row)


class Place(NamedTuple):
    """Where in a reply one object's values stand, row after row."""

    source: Source
    at: slice


class Rules(NamedTuple):
    """By place in a reply: arrays of `binds`.

    `counters`: it must be one. `least`: the smallest value (of negative ones the 64 bits), `span`:
    how far the largest is above it. `signed`: the places whose numbers may be below zero. `narrow`:
    a counter of 32 bits whatever its tag. `unknown`: places and the numbers (their 64 bits) that
    mean nothing there.
    """

    counters: npt.NDArray[np.bool_]
    least: Words
    span: Words
    signed: npt.NDArray[np.intp]
    narrow: npt.NDArray[np.bool_]
    unknown: list[tuple[slice, np.uint64]]


class Layout:
    """One form, its templates, and the questions put by them.

    Attributes:
        keys: uint64[4, templates, binds], the words before each value's tag: the bind's tag, room
            for its length, and the name with its own. kept: the bits of them that count. long:
            some names reach into the first two. sizes: int64[templates, binds], bytes of each name.
        columns: of a frame: name, column, and its places in the order of preference.
        names: where the rows' names stand, if rows have any.
        rules: what a value must be to be believed, by its place in a reply.
        slots: int32[questions, rows]. said: uint64[questions, rows, 4], the rows' names.
        lengths: int64[questions, rows], bytes of each. begins: uint16[questions, binds + 1], where
            each bind began in the reply before, and where the last ended, from the first one on.
    """

    def __init__(self, form: Form) -> None:
        self.form, self.table = form, form.table
        self.columns = list(self._columns())
        self.names = self._places(0)
        self.rules = self._ruled()
        self.keys = np.zeros((_KEYS, 0, form.binds), np.uint64)
        self.kept = np.zeros((_KEYS, 0, form.binds), np.uint64)
        self.long = False
        self.sizes = np.zeros((0, form.binds), np.int64)
        self.slots = np.zeros((0, form.rows), np.int32)
        self.said = np.zeros((0, form.rows, LONGEST_NAME // 8), np.uint64)
        self.lengths = np.zeros((0, form.rows), np.int64)
        self.begins = np.zeros((0, form.binds + 1), np.uint16)
        self._templates: dict[tuple[bytes, ...], int] = {}
        self.pdus: list[bytes] = []
        self._questions = 0
        self._free: list[int] = []

    def scalar(self, name: str | None) -> int | None:
        """Where in a reply a scalar stands; None = it is not asked."""
        oid = self.table.scalars.get(name or "")
        asked = self.form.scalars
        return asked.index(ber.oid(oid)) if oid and ber.oid(oid) in asked else None

    def lacking(self, tags: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """bool[m, rows]: of which rows nothing is there; `tags`: of all values."""
        form = self.form
        rows = tags[:, len(form.scalars) :].reshape(len(tags), form.rows, len(form.row))
        return np.asarray(ABSENT[rows].all(axis=2))

    def template(self, indexes: tuple[bytes, ...]) -> int:
        """The number of the template for rows of these indexes (as on the wire).

        Raises:
            ValueError: a name is too long to be compared at once.
        """
        known = self._templates.get(indexes)
        if known is not None:
            return known
        names = list(self.form.scalars)
        names += [name + index for index in indexes for name in self.form.row]
        keys = [ber.element(ber.OID, name) for name in names]
        if not all(_LEAST_KEY <= len(key) <= _MOST_KEY for key in keys):
            raise ValueError("a name that is too long or too short to be compared at once")
        words = np.array([[_key(key), _key(key, mask=True)] for key in keys], np.uint64)
        self.keys = np.concatenate([self.keys, words[:, 0].T[:, None]], axis=1)
        self.kept = np.concatenate([self.kept, words[:, 1].T[:, None]], axis=1)
        self.long |= any(len(key) > _SHORT_KEY for key in keys)
        self.sizes = _with(self.sizes, [len(key) for key in keys])
        self.pdus.append(self._pdu(names, indexes))
        self._templates[indexes] = len(self.pdus) - 1
        return self._templates[indexes]

    def _pdu(self, names: list[bytes], indexes: tuple[bytes, ...]) -> bytes:
        form = self.form
        if not form.bulk:
            return pdu.question(pdu.GET, HOLE, names)
        before = _before(indexes[0])
        names = [name.removesuffix(b"\0") for name in form.scalars]
        names += [name + before for name in form.row]
        return pdu.question(pdu.GETBULK, HOLE, names, len(form.scalars), form.rows)

    def question(self, slots: Sequence[int], names: Sequence[bytes]) -> int:
        """A question about rows of these slots and names (of at most `LONGEST_NAME` bytes; empty
        where they have none).

        Its number in this layout is its own until it is forgotten.
        """
        number = self._free.pop() if self._free else self._new()
        self.slots[number] = slots
        for row, name in enumerate(names):
            self.said[number, row] = _four(name)
        self.lengths[number] = [len(name) for name in names]
        return number

    def forget(self, question: int) -> None:
        """This question is put no more: its row may be another's."""
        self._free.append(question)

    def _new(self) -> int:
        number = self._questions
        if number == len(self.slots):
            more = max(16, number)
            self.slots = _wider(self.slots, more)
            self.said = _wider(self.said, more)
            self.lengths = _wider(self.lengths, more)
            self.begins = _wider(self.begins, more)
        self._questions += 1
        return number

    def _columns(self) -> Any:
        objects, first = self.form.objects, len(self.form.name)
        for name, column in self.table.columns.items():
            places = [
                Place(source, self._places(first + objects.index(source.prefix)))
                for source in column.sources
                if source.prefix in objects
            ]
            if places or not column.seldom:
                yield name, column, places

    def _places(self, number: int) -> slice:
        return slice(len(self.form.scalars) + number, None, max(1, len(self.form.row)))

    def _ruled(self) -> Rules:
        binds = self.form.binds
        counters, signed, narrow = (np.zeros(binds, bool) for _ in range(3))
        least, span = np.zeros(binds, np.uint64), np.zeros(binds, np.uint64)
        unknown: list[tuple[slice, np.uint64]] = []
        for _, column, places in self.columns:
            for source, at in places:
                low, high = column.range(source)
                counters[at], narrow[at] = source.kind == "counter", source.bits == 32
                least[at], span[at], signed[at] = low & _ALL, high - low, source.signed
                unknown.extend((at, np.uint64(number & _ALL)) for number in source.unknown)
        return Rules(counters, least, span, np.flatnonzero(signed), narrow, unknown)


ColumnAt = tuple[str, Column, list[Place]]


def _word(eight: bytes) -> int:
    """As the words of a buffer are read on this machine."""
    return int.from_bytes(eight, "little")


def _before(index: bytes) -> bytes:
    """What GETNEXT is asked for to answer this row, if there is none between."""
    *rest, last = ber.numbers_of(index)
    return ber.oid_of(*rest, last - 1) if last else ber.oid_of(*rest)


def _key(key: bytes, mask: bool = False) -> list[int]:
    """The words before a value's tag; `mask`: all bits that count."""
    head, text = (b"\xff\0", b"\xff" * len(key)) if mask else (bytes((ber.SEQUENCE, 0)), key)
    padded = (head + text).rjust(8 * _KEYS, b"\0")
    return [_word(padded[i : i + 8]) for i in range(0, 8 * _KEYS, 8)]


def _four(name: bytes) -> list[int]:
    padded = name.ljust(LONGEST_NAME, b"\0")
    return [_word(padded[i : i + 8]) for i in range(0, LONGEST_NAME, 8)]


def _with(rows: npt.NDArray[Any], row: Sequence[int]) -> npt.NDArray[Any]:
    return np.concatenate([rows, np.array([row], rows.dtype)])


def _wider(rows: npt.NDArray[Any], more: int) -> npt.NDArray[Any]:
    made = np.zeros((len(rows) + more, *rows.shape[1:]), rows.dtype)
    made[: len(rows)] = rows  # nothing else is written: what is not used yet takes no memory
    return made
