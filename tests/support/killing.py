"""An hour of readings pushed to a real server, while one or the other is killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemons import Daemon, until
from receivers import Counts, Server

CHILD = Path(__file__).with_name("pusher_child.py")
ROOT = CHILD.parents[2]
ROUNDS, BLOCK, ROWS, STEP = 360, 6, 30, 10  # an hour, a reading every ten seconds


class Child:
    """The process that collects and pushes."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        numbers = map(str, (BLOCK, ROWS, STEP))
        self._argv = [sys.executable, str(CHILD), str(folder), json.dumps(settings), *numbers]
        self.accepted = 0
        self._start()

    def go(self) -> None:
        """A block more."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        self._hear()

    def kill_and_start(self) -> None:
        before = self.accepted
        self.kill()
        self._start()
        assert before <= self.accepted  # what was acknowledged is there

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _start(self) -> None:
        paths = {"PYTHONPATH": f"{ROOT}:{CHILD.parent}"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._argv, stdin=pipe, stdout=pipe, env=paths)
        self._hear()

    def _hear(self) -> None:
        assert self._process.stdout
        self.accepted = int(self._process.stdout.readline())


@contextmanager
def monitored(tmp: Path, server: Server) -> Iterator[tuple[Daemon, Child]]:
    with server.start(tmp) as daemon:
        child = Child(tmp, server.settings(daemon.url))
        try:
            yield daemon, child
        finally:
            child.kill()


def an_hour(tmp: Path, server: Server, kills: list[str], dice: random.Random) -> None:
    """Kill one or the other between the blocks, and count in the end."""
    between = ROUNDS // BLOCK // (len(kills) + 1)
    with monitored(tmp, server) as (daemon, child):
        for who in kills:
            for _ in range(between):
                child.go()
            time.sleep(dice.random() / 25)  # in the middle of whatever it does
            if who == "us":
                child.kill_and_start()
            else:
                daemon.kill()
                child.go()
                daemon.start()
        while child.accepted < ROUNDS:
            child.go()
        rounds = child.accepted
        expected: Counts = {(f"sw-{row // 3}", f"GE0/0/{row % 3}"): rounds for row in range(ROWS)}
        found: list[Counts] = [{}]

        def there() -> bool:
            found[0] = server.counts(daemon, rounds * STEP)
            return expected == found[0]

        try:
            until(there, "every sample, once")
        except pytest.fail.Exception:
            assert expected == found[0]
