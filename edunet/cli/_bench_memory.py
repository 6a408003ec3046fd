"""Whose is the memory of a process? Each part's own: what nothing named before it holds."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Final, NamedTuple

import numpy as np

MEMORY: Final = "memory"  # what to ask a child for it
_GRAIN: Final = 16  # bytes that the allocator rounds up to
_MB: Final = 1 << 20
# These are the program's, or lead out of the part into all that waits for it.
_NOBODYS: Final = (type, ModuleType, FunctionType, CodeType, asyncio.AbstractEventLoop)
_ELSEWHERE: Final = (*_NOBODYS, asyncio.Future)


class Held(NamedTuple):
    """MB that a part holds: in objects of Python, and in arrays as they were allotted."""

    objects_mb: float
    arrays_mb: float

    @property
    def mb(self) -> float:
        return self.objects_mb + self.arrays_mb


class Memory(NamedTuple):
    """What the kernel counts of a process, in MB, and what each part of it holds."""

    resident_mb: float
    parts: Mapping[str, Held]

    @property
    def others_mb(self) -> float:
        """The program, and what its allocators keep: MB that no part holds."""
        return self.resident_mb - sum(held.mb for held in self.parts.values())


def shares(parts: Mapping[str, object]) -> dict[str, Held]:
    """What each part holds; what several hold is counted once, for the first of them.

    It walks all there is, and remembers for that time what it has met.
    """
    seen: set[int] = set()
    return {name: _held(part, seen) for name, part in parts.items()}


def _held(part: object, seen: set[int]) -> Held:
    objects = arrays = 0
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, _ELSEWHERE):
            continue
        seen.add(id(each))
        size = -(-sys.getsizeof(each) // _GRAIN) * _GRAIN  # of an array, with what it owns
        if isinstance(each, np.ndarray):
            arrays += size
            waiting.append(each.base)
        else:
            objects += size
        waiting += gc.get_referents(each)
    return Held(objects / _MB, arrays / _MB)
