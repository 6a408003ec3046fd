"""Memory is searched seldom, and what refers to itself is given back all the same."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, weakref
from edunet.cli._garbage import search_seldom

class Ring:
    alive = 0
    def __init__(self):
        Ring.alive += 1
        self.me = self
        weakref.finalize(self, Ring.gone).atexit = False
    @staticmethod
    def gone():
        Ring.alive -= 1

gc.collect()
search_seldom()
searches, most = [], 0
gc.callbacks.append(lambda phase, info: searches.append(phase))
kept = [[] for _ in range(50_000)]
for _ in range(200_000):
    Ring()
    most = max(most, Ring.alive)
print(gc.get_freeze_count(), len(searches) // 2, most)
"""


def test_garbage_is_found_though_it_is_looked_for_seldom() -> None:
    """In a process of its own: what is frozen here stays so."""
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    frozen, searches, most = map(int, said.stdout.split())

    assert frozen > 10_000, "what there was before is not searched any more"
    assert 5 <= searches <= 100, "and not once for each 700"
    assert most < 50_000, "of 200,000 that refer to themselves, and nobody needs"
