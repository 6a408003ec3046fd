"""What does an inventory cost: to invent, to read from YAML and CSV, in a child, from the cache?"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from edunet.clock import Clock
from edunet.errors import EdunetError
from edunet.generator import Wish

# Each step runs alone in a new interpreter, in the folder of the bench: its peak is its own.
STEPS: Final = {
    "a second of nothing": "watched(lambda: time.sleep(1))",
    "generate yaml": "edunet('inventory', 'generate', *WISH, '-o', 'one.yaml')",
    "generate csv": "edunet('inventory', 'generate', *WISH, '--format', 'csv', '-o', 'many')",
    "load yaml": "load(Path('one.yaml'))",
    "load csv": "load(Path('many/inventory.yaml'))",
    "check yaml": "edunet('check', '--inventory', 'one.yaml')",
    "check csv": "edunet('check', '--inventory', 'many/inventory.yaml')",
    "child yaml": "watched(lambda: load_in_child(Path('one.yaml')))",
    "child csv": "watched(lambda: load_in_child(Path('many/inventory.yaml')))",
    "cache, first start": "watched(lambda: load_cached(Path('one.yaml'), Path('data')))",
    "cache, next start": "watched(lambda: load_cached(Path('one.yaml'), Path('data')))",
    "afterwards": "afterwards([load_cached(Path('one.yaml'), Path('data'))])",
}
PRELUDE: Final = '''
import gc, subprocess, sys, threading, time
from pathlib import Path
from edunet.inventory import load
from edunet.inventory.cache import load_cached
from edunet.inventory.child import load_in_child

def edunet(*words):
    command = "from edunet.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", command, *words], capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(ran.stderr[-2000:])

def watched(work):
    """The longest time for which a thread that wants to run every 5 ms could not."""
    done, longest = threading.Event(), 0.0
    def tick():
        nonlocal longest
        last = time.perf_counter()
        while not done.wait(0.005):
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    ticker = threading.Thread(target=tick)
    ticker.start()
    made = work()
    done.set()
    ticker.join()
    print(f"others waited {longest * 1000:.0f} ms at most")

def afterwards(inventories):
    began = time.perf_counter()
    gc.collect()
    collected = time.perf_counter()
    inventories.clear()
    gone = time.perf_counter()
    print(f"a full collection {(collected - began) * 1000:.0f} ms,")
    print(f"letting go of it {(gone - collected) * 1000:.0f} ms")
'''


class Cost(NamedTuple):
    """What a step took: wall and CPU seconds, with children; the largest resident process in MB."""

    wall: float
    cpu: float
    peak: int
    said: str


def report(wish: Wish, clock: Clock) -> Iterator[str]:
    """The lines of the report, each when it is known.

    Raises:
        EdunetError: a step failed; in its own words.
    """
    yield f"edunet bench inventory: {wish.schools} schools in {wish.counties} counties, dense"
    names = ("edunet", "pydantic", "PyYAML", "orjson")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    yield f"{versions}, Python {platform.python_version()}"
    yield f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}"
    yield f"load average before: {os.getloadavg()[0]:.1f}"
    yield ""
    yield f"{'step':20} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}"
    words = ["--schools", str(wish.schools), "--counties", str(wish.counties), "--dense"]
    with tempfile.TemporaryDirectory(prefix="edunet-bench-") as folder:
        for name, step in STEPS.items():
            cost = _run(f"{PRELUDE}\nWISH = {words!r}\n{step}", Path(folder), clock)
            row = f"{name:20} {cost.wall:8.2f} {cost.cpu:8.2f} {cost.peak:8}   {cost.said}"
            yield row.rstrip()
    yield ""
    yield "peak = the largest single process of the step. A step includes starting an interpreter."
    yield "Others waited: for how long a thread that wants to run every 5 ms did not."


def _run(code: str, folder: Path, clock: Clock) -> Cost:
    """One step in an interpreter of its own.

    Raises:
        EdunetError: it failed.
    """
    # Peaks of children are the largest since this process began: the step itself asks for its own.
    asked = (
        "\nimport resource"
        "\nwho = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]"
        "\nprint(sum(u.ru_utime + u.ru_stime for u in who), max(u.ru_maxrss for u in who))"
    )
    root = str(Path(__file__).parents[2])
    began = clock.ticks()
    ran = subprocess.run(
        [sys.executable, "-c", code + asked],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    wall = (clock.ticks() - began) / 1e9
    if ran.returncode:
        raise EdunetError(f"a step of the bench failed: {ran.stderr.strip()[-2000:]}")
    *said, usage = ran.stdout.splitlines()
    cpu, peak = usage.split()
    return Cost(wall, float(cpu), int(peak) // 1024, " ".join(said))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.machine())
