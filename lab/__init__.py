"""A virtual city on loopback: agents, moving counters and cuts, for demo, tests and bench.

It reads no collector profile: what its agents answer is its own.
"""

from __future__ import annotations

from lab.elsewhere import free_port, moved
from lab.process import VirtualCity, start
from lab.silence import able

__all__ = ["VirtualCity", "able", "free_port", "moved", "start"]
