"""How is a family of series written, in text format 0.0.4 and in OpenMetrics 1.0.0?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edunet.decimals import decimals
from edunet.metrics import Metric

Texts = npt.NDArray[np.object_]
END: Final = b"# EOF\n"


def labels(pairs: Mapping[str, str]) -> bytes:
    """`{a="b"} `, values escaped; empty labels are left out, and braces around nothing too."""
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs.items() if value)
    # What is no Unicode (half a surrogate pair) can be in a name; it must not spoil a scrape.
    return (f"{{{told}}} " if told else " ").encode("utf-8", "replace")


def texts(each: Iterable[bytes]) -> Texts:
    """object[n] of such labels, to be picked from by index."""
    return np.array(list(each), object)


def head(metric: Metric, openmetrics: bool) -> bytes:
    """What is said of a family before its series."""
    if not openmetrics:
        kind = "gauge" if metric.type == "info" else metric.type  # 0.0.4 knows no info
        return f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {kind}\n".encode()
    name = metric.name.removesuffix("_total").removesuffix("_info")
    unit = f"# UNIT {name} {metric.unit}\n" if metric.unit else ""
    return f"# TYPE {name} {metric.type}\n{unit}# HELP {name} {metric.help}\n".encode()


def lines(name: str, of: Texts, values: npt.NDArray[Any]) -> bytes:
    """A line for each value: integers and floats[n], none of them NaN or infinite."""
    parts = [name.encode()] * (3 * len(values))
    parts[1::3] = of.tolist()
    parts[2::3] = decimals(values, after=b"\n")
    return b"".join(parts)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
