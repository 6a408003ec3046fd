"""How often is memory searched for garbage that refers to itself?"""

from __future__ import annotations

import gc
from typing import Final

# Python looks after each 700 new containers, and at all there are once they have grown by a
# quarter. All else is freed at once, by counting; and of what the collector makes, thousands of
# tasks and answers live for seconds: they are found alive again and again, and each search of a
# province's facts stops every thread. Measured while 6,000 devices were listed: 3.1 s of 14.4.
_AFTER: Final = (20_000, 20, 20)


def search_seldom() -> None:
    """Never search what there is now, an inventory above all; search the rest seldom."""
    gc.freeze()
    gc.set_threshold(*_AFTER)
