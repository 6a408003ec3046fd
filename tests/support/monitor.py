"""A whole edunet inside a namespace: the process, its API, its webhooks, what it writes down."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from daemons import free_port
from fake_sink import FakeServer
from hook import Hook, listening
from house import EDUNET, READY_S, eventually
from netns import Namespace


class Line(NamedTuple):
    """A row that was written down: `at` in epoch seconds."""

    kind: str
    tags: dict[str, str]
    fields: dict[str, float]
    at: float


class Rate(NamedTuple):
    """What was told to flow over a link between two readings of a port, epoch seconds."""

    download: float
    upload: float
    side: str
    port: tuple[str, str]
    start: float
    end: float


class Monitor:
    """`edunet run` where `space` is; its webhooks and its frames are taken in there too."""

    def __init__(self, space: Namespace, folder: Path, hook: Hook, sink: FakeServer) -> None:
        self.space, self.folder, self.hook = space, folder, hook
        self.log = folder / "run.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.expected: Sequence[str] = ()
        self._sink, self._lines, self._parsed = sink, list[Line](), 0
        self._reads: dict[tuple[str, str], list[float]] = {}
        self._http = httpx.Client(base_url=self.url, timeout=20, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, inventory: str, intervals: Mapping[str, str], env: Mapping[str, str]) -> None:
        """Run it; returns once every device was asked."""
        settings = {
            "listen": self.url.removeprefix("http://"),
            "intervals": intervals,
            "channels": {"duty": {"kind": "webhook", "url": self.hook.url}},
            "sinks": {"tsdb": {"kind": "influx", "url": self._sink.url}},
        }
        (self.folder / "inventory.yaml").write_text(inventory, "utf-8")
        (self.folder / "edunet.yaml").write_text(json.dumps(settings), "utf-8")  # YAML too
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*leash, *self.space.argv(*EDUNET, "run")], cwd=self.folder,
                env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        eventually(self._ready, lambda code: code == 200, "/readyz to say yes", READY_S)

    def _ready(self) -> int | None:
        if self._process is None or self._process.poll() is not None:
            pytest.fail(f"edunet ended:\n{self.words[-4000:]}")
        try:
            with self.space.entered():
                return self._http.get("/readyz").status_code
        except httpx.HTTPError:
            return None

    @property
    def words(self) -> str:
        """Everything it has said on its standard streams."""
        return self.log.read_text("utf-8", errors="replace")

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be a success, below /api/v1."""
        with self.space.entered():
            answer = self._http.get(f"/api/v1/{path}", params=params)
        assert answer.is_success, answer.text
        return answer.json()

    def states(self, what: str) -> dict[str, str]:
        """id -> state of every school, link, device or county."""
        return {item["id"]: item["state"] for item in self.get(what, limit=1000)["items"]}

    def until(self, what: str, but: Mapping[str, str] = {}, seconds: float = 40) -> None:
        """Wait until all links (schools, devices, counties) are up, `but` for those."""
        eventually(
            lambda: {i: state for i, state in self.states(what).items() if state != "up"},
            lambda seen: seen == but,
            f"all {what} to be up but {but}",
            seconds,
        )

    def told(self, *actions: str, quiet: int = 0) -> list[dict[str, Any]]:
        """Wait for these notices since `forget`, and for so many seconds without a further one."""
        calls = self.hook.calls
        eventually(lambda: len(calls), lambda seen: seen >= len(actions), f"{actions}", 40)
        if quiet:
            self.judged(quiet)
        self.expected = actions
        return self._exactly(actions)

    def settled(self) -> None:
        """Nothing was told since `forget` but what the test has asked for."""
        self._all_over()
        self._exactly(self.expected)

    def forget(self) -> None:
        """Begin anew with what is told from now on."""
        self._all_over()
        self.hook.calls.clear()
        self.expected = ()

    def _exactly(self, actions: Sequence[str]) -> list[dict[str, Any]]:
        found = [call.notice for call in self.hook.calls]
        assert list(actions) == [notice["action"] for notice in found], found
        return found

    def _all_over(self) -> None:
        def still() -> set[str]:
            notices = [call.notice for call in self.hook.calls]
            over = {notice["alert"] for notice in notices if notice["action"] == "resolve"}
            return {notice["alert"] for notice in notices} - over

        eventually(still, lambda seen: not seen, "every alert told to be told as over")

    def judged(self, rounds: int) -> None:
        """Wait until it has judged for so many more seconds."""
        start = time.time()
        eventually(
            lambda: max((line.at for line in self.lines() if line.kind == "probe"), default=0.0),
            lambda seen: seen >= start + rounds,
            f"{rounds} s of judging",
        )

    def rates(self, link: str, since: float, count: int = 1) -> list[Rate]:
        """What is told to flow over a link, by readings of which the one before is of `since` too.

        Those less than a second after the one before are passed over.
        """
        found: dict[float, Rate] = {}

        def look() -> int:
            item = self.get(f"links/{link}")
            if item["measured"] is not None and item["download_bps"] is not None:
                end, at = item[item["measured_at"]], seconds(item["measured"])
                before = self.read(end["device"], end["interface"], at)
                if before is not None and before >= since and at - before >= 1:
                    port = end["device"], end["interface"]
                    rate = item["download_bps"], item["upload_bps"]
                    found[at] = Rate(*rate, item["measured_at"], port, before, at)
            return len(found)

        eventually(look, lambda seen: seen >= count, f"{count} readings of {link}", 60)
        return list(found.values())

    def read(self, device: str, interface: str, before: float) -> float | None:
        """When a port was last read before that moment, by what was written down."""
        self.lines()
        times = self._reads.get((device, interface), [])
        number = bisect_left(times, before)
        return times[number - 1] if number else None

    def shortest(self, since: float) -> dict[tuple[str, str], float]:
        """Seconds between the two readings of each port that lie closest, since that moment."""
        self.lines()
        found = {}
        for port, times in self._reads.items():
            times = times[bisect_left(times, since) :]
            if len(times) > 1:
                found[port] = min(b - a for a, b in pairwise(times))
        return found

    def lines(self) -> list[Line]:
        """Every row that was written down so far."""
        asked = self._sink.asked[self._parsed :]
        self._parsed += len(asked)
        for line in (_parsed(line) for each in asked for line in each.body.splitlines()):
            self._lines.append(line)
            if line.kind == "interface":
                port = line.tags["device"], line.tags["interface"]
                insort(self._reads.setdefault(port, []), line.at)
        return self._lines

    def end(self) -> None:
        """End it as a service manager does; it must end well and must not have stumbled."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(20)
        finally:
            self._process.kill()
            self._process = None
            self._http.close()
        assert 0 == code, self.words[-4000:]
        assert "Traceback" not in self.words, self.words


def seconds(written: str) -> float:
    """An answer's time as epoch seconds."""
    return datetime.fromisoformat(written).timestamp()


def _parsed(line: str) -> Line:
    head, fields, time = line.split(" ")
    kind, *tags = head.split(",")
    pairs = dict(tag.split("=") for tag in tags)
    numbers = {
        name: float(value.removesuffix("i"))
        for name, value in (field.split("=") for field in fields.split(","))
    }
    return Line(kind, pairs, numbers, int(time) / 1e3)


@contextmanager
def monitor(space: Namespace, folder: Path) -> Iterator[Monitor]:
    """One that is not running yet, with its receivers listening; it is ended with the test."""
    with space.entered(), listening() as hook:
        sink = FakeServer(lambda number, asked: (204, {}, b""))
        threading.Thread(target=sink.serve_forever, args=(0.05,), daemon=True).start()
        try:
            found = Monitor(space, folder, hook, sink)
            yield found
            found.end()
        finally:
            sink.over.set()
            sink.shutdown()
            sink.server_close()
