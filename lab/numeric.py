"""How does a recorded number move on: snmpsim's module `numeric`, whose options stand in a line?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from lab import ber
from lab.traffic import chance

BOUNDS: Final = {
    ber.INTEGER: (-(2**31), 2**31 - 1),
    ber.COUNTER32: (0, 2**32 - 1),
    ber.GAUGE32: (0, 2**32 - 1),
    ber.TIMETICKS: (0, 2**32 - 1),
    ber.COUNTER64: (0, 2**64 - 1),
}
_RUNS_OVER: Final = {ber.COUNTER32: 2**32, ber.TIMETICKS: 2**32, ber.COUNTER64: 2**64}
_NUMBERS: Final = ("initial", "rate", "min", "max", "scale", "offset", "deviation")
_WORDS: Final = ("function", "wrap", "increasing")
_FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "": lambda value: int(value),  # whole, so that a counter of 64 bits stays exact
    "sin": math.sin,
    "cos": math.cos,
}
_MOST: Final = 2**65


class Moving(NamedTuple):
    """(initial + function(rate * seconds)) * scale + offset, within low..high."""

    tag: int
    initial: float
    rate: float
    low: int
    high: int
    wraps: bool
    function: str = ""
    scale: float = 1
    offset: float = 0
    deviation: float = 0

    def value(self, seconds: float) -> bytes:
        """The whole element, so many seconds after the playing began: then always the same."""
        grown = self.initial + _FUNCTIONS[self.function](self.rate * seconds)
        noise = self.deviation * (2 * chance(f"{int(seconds)}") - 1) if self.deviation else 0
        number = int(grown * self.scale + self.offset + noise)
        if self.wraps:
            number = self.low + (number - self.low) % (self.high - self.low + 1)
        number = min(max(number, self.low), self.high)
        return ber.integer(number) if self.tag == ber.INTEGER else ber.number(self.tag, number)


def moving(tag: int, text: str) -> Moving:
    """Of options such as `rate=100,initial=7`.

    Raises:
        ValueError: an option that is not played here, or a number that cannot be.
    """
    options = dict(part.partition("=")[::2] for part in text.split(",") if part)
    if strange := sorted(options.keys() - {*_NUMBERS, *_WORDS}):
        known = ", ".join((*_NUMBERS, *_WORDS))
        raise ValueError(f"numeric: option {strange[0][:20]!r} is not played here; {known} are")
    bottom, top = BOUNDS[tag]
    given = {name: _number(name, options[name]) for name in _NUMBERS if name in options}
    low, high = given.get("min", 0), given.get("max", top)
    if not bottom <= low <= high <= top:
        raise ValueError(f"numeric: min and max lie outside {bottom}..{top}, or past each other")
    function = options.get("function", "")
    if function not in _FUNCTIONS:
        raise ValueError(f"numeric: function {function[:20]!r} is not played here; sin and cos are")
    return Moving(
        tag,
        given.get("initial", low),
        given.get("rate", 1),
        int(low),
        int(high),
        options.get("wrap", "0") not in {"", "0"} or high + 1 == _RUNS_OVER.get(tag),
        function,
        given.get("scale", 1),
        given.get("offset", 0),
        given.get("deviation", 0),
    )


def _number(name: str, text: str) -> float:
    try:
        number = int(text) if re.fullmatch(r"-?\d{1,20}", text) else float(text)
    except ValueError:
        number = math.nan
    if not abs(number) < _MOST:
        raise ValueError(f"numeric: {name} {text[:40]!r} is no number to count with")
    return number
