"""Many numbers as text: integers to the last digit, floats in the shortest form that reads the
same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

_APART = b"\0"


def decimals(values: npt.NDArray[Any], before: bytes = b"", after: bytes = b"") -> list[bytes]:
    """Each of n integers or finite floats, between two texts without a NUL.

    orjson writes a whole column without an object a value, several times as fast as `repr`.
    """
    if not len(values):
        return []
    column = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return (before + column.replace(b",", after + _APART + before) + after).split(_APART)
