"""Many small frames as few large ones: a column costs the same whether it has one row or a
thousand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from edunet.frame import Frame


def together(frames: Iterable[Frame], wanted: Mapping[str, Collection[str]]) -> Iterator[Frame]:
    """The frames of each kind that have the same of its wanted columns, as one frame of those.

    Frames of other kinds, or without such a column, are left out.
    """
    alike: dict[tuple[str, tuple[str, ...]], list[Frame]] = {}
    for frame in frames:
        columns = tuple(name for name in wanted.get(frame.kind, ()) if name in frame.columns)
        if columns:
            alike.setdefault((frame.kind, columns), []).append(frame)
    for (kind, columns), found in alike.items():
        yield found[0] if len(found) == 1 else _joined(kind, columns, found)


def _joined(kind: str, columns: tuple[str, ...], frames: list[Frame]) -> Frame:
    return Frame(
        kind,
        np.concatenate([frame.slots for frame in frames]),
        np.concatenate([frame.times for frame in frames]),
        {name: np.concatenate([f.columns[name] for f in frames]) for name in columns},
        {name: np.concatenate([_reason(f, name) for f in frames]) for name in columns},
    )


def _reason(frame: Frame, name: str) -> npt.NDArray[np.uint8]:
    reason = frame.reason.get(name)
    return np.zeros(len(frame), np.uint8) if reason is None else reason
