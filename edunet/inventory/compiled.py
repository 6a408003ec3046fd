"""An inventory as a row of small frames of bytes, and back: how it travels and how it is kept.

The frames are JSON: what reads them can be told a wrong thing, but not made to run one.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, get_args, get_origin

import orjson

from edunet.inventory.model import Inventory
from edunet.inventory.packing import Column, column

SLICE: Final = 1000  # things in a frame: few enough that no frame holds the interpreter for long


def frames(inventory: Inventory) -> Iterator[bytes]:
    """What is set in the inventory; then in each frame a slice of a section."""
    yield orjson.dumps(sorted(inventory.model_fields_set))
    for name in Inventory.model_fields:
        section, way = getattr(inventory, name), _way(name)
        rows: Any = section if _is_list(name) else (section,)
        for start in range(0, len(rows), SLICE):
            yield orjson.dumps([name, way.write(list(rows[start : start + SLICE]))])


def restore(pieces: Iterable[bytes]) -> Inventory:
    """The inventory whose `frames` these are. They are believed: nothing is checked again.

    Raises:
        ValueError, TypeError, LookupError: these are not the frames of an inventory.
    """
    found: defaultdict[str, list[Any]] = defaultdict(list)
    same: dict[Any, Any] = {}
    first, *others = pieces
    with _no_collection():
        for piece in others:
            name, data = orjson.loads(piece)
            found[name] += _way(name).read(data, same)
    sections: dict[str, Any] = {
        name: tuple(found[name]) if _is_list(name) else found[name][0]
        for name in Inventory.model_fields
    }
    construct: Any = Inventory.model_construct
    made: Inventory = construct(_fields_set=set(orjson.loads(first)), **sections)
    return made


def _is_list(section: str) -> bool:
    return get_origin(Inventory.model_fields[section].annotation) is tuple


def _way(section: str) -> Column:
    annotation = Inventory.model_fields[section].annotation
    return column(get_args(annotation)[0] if _is_list(section) else annotation)


@contextmanager
def _no_collection() -> Iterator[None]:
    # A collection lets no other thread run while it walks. Of hundreds of thousands of new objects
    # every one is kept: walking them again and again while they are made would find nothing.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was and not gc.get_freeze_count():
            # Both only join lists: what is young becomes old without being walked.
            gc.freeze()
            gc.unfreeze()
        if was:
            gc.enable()
