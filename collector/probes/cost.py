"""What does it cost to sweep so many targets, and how true are the round trips?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.probes.icmp import Ignored, Pinger, Target

_GAP_S: Final = 0.1
_WAIT_S: Final = 0.8


class Cost(NamedTuple):
    """What some sweeps came to.

    Attributes:
        cpu_s, wall_s: seconds of this process, and in all; one sweep before these is not counted.
        sent, received: echoes. ignored: replies that counted for nothing.
        rtt_s: float64[received], seconds, of every echo that came back.
        took_s: float64[sweeps], seconds from a sweep's first echo to its last reply, or its end.
    """

    cpu_s: float
    wall_s: float
    sent: int
    received: int
    ignored: Ignored
    rtt_s: npt.NDArray[np.float64]
    took_s: npt.NDArray[np.float64]

    @property
    def share(self) -> float:
        """Of one core: 0..1, and more where the sweeps did not fit into their period."""
        return self.cpu_s / self.wall_s

    @property
    def cpu_us_per_echo(self) -> float:
        """Microseconds; NaN where nothing was sent."""
        return self.cpu_s / self.sent * 1e6 if self.sent else float("nan")


async def sweeps(
    pinger: Pinger,
    targets: Sequence[Target],
    *,
    rounds: int,
    period_s: float = 1.0,
    count: int = 1,
) -> Cost:
    """Sweep all the targets so many times, one sweep a period; a slow one puts off the next."""
    loop = asyncio.get_running_loop()
    await pinger.burst(targets, count=count, gap_s=_GAP_S, wait_s=_WAIT_S)
    ignored, rtts, took = replace(pinger.ignored), [], []
    sent, cpu_s, began = 0, time.process_time(), loop.time()
    for _ in range(rounds):
        at = loop.time()
        burst = await pinger.burst(targets, count=count, gap_s=_GAP_S, wait_s=_WAIT_S)
        took.append(loop.time() - at)
        came = burst.back > 0
        sent += int(np.count_nonzero(burst.sent))
        rtts.append((burst.back - burst.sent)[came] / 1e9)
        await asyncio.sleep(max(0.0, at + period_s - loop.time()))
    cpu_s, wall_s = time.process_time() - cpu_s, loop.time() - began
    rtt_s = np.concatenate(rtts)
    since = pinger.ignored.since(ignored)
    return Cost(cpu_s, wall_s, sent, len(rtt_s), since, rtt_s, np.array(took))
