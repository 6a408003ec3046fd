"""Which real daemons can a test talk to: each on a free loopback port, in a folder of its own.

A missing binary skips the test by name, but fails it where `CI` is `true`: nothing is green by
absence. A daemon dies with the test process, even with one that was killed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

READY_S = 30.0


def binary(name: str) -> str:
    """The path of an installed program; without it the test is skipped, or fails where CI=true."""
    folders = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/frr"
    if path := shutil.which(name, path=folders):
        return path
    message = f"{name} is not installed; run tests/support/install-daemons.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(fact: Callable[[], bool], what: str, seconds: float = READY_S) -> None:
    """Look again and again until it is so; fails naming `what` when the deadline has passed."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


class Daemon:
    """A running daemon; `kill` and `restart` take it away and bring it back on the same port."""

    def __init__(self, argv: Sequence[str], url: str, ready: str, folder: Path) -> None:
        self.argv = [binary(argv[0]), *argv[1:]]
        self.url = url
        self.log = folder / f"{Path(argv[0]).name}.log"
        self._ready = url + ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers."""
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*leash, *self.argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_S
        while not self._answers():
            if not self.running or time.monotonic() > deadline:
                self.kill()
                tail = self.log.read_bytes()[-2000:].decode(errors="replace")
                pytest.fail(f"{self.argv[0]} did not come up:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(self._ready, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL: what it had not yet written is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for whoever does not listen within 10 s."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
            self._process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Bring it back on its port, over its own data."""
        self.stop()
        self.start()


@contextmanager
def _running(daemon: Daemon) -> Iterator[Daemon]:
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.kill()


@contextmanager
def victoria_metrics(tmp: Path) -> Iterator[Daemon]:
    """VictoriaMetrics, one node; points of the same series and millisecond count once."""
    port = free_port()
    argv = [
        "victoria-metrics",
        f"-storageDataPath={tmp / 'victoria-metrics'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-search.latencyOffset=1s",
        "-search.disableCache",
        "-retentionPeriod=100y",
        "-dedup.minScrapeInterval=1ms",
        "-memory.allowedPercent=10",
        "-loggerLevel=WARN",
    ]
    with _running(Daemon(argv, f"http://127.0.0.1:{port}", "/health", tmp)) as daemon:
        yield daemon


@contextmanager
def prometheus(
    tmp: Path, targets: Sequence[str], scrape_interval: str = "1s", path: str = "/metrics"
) -> Iterator[Daemon]:
    """Prometheus scraping `HOST:PORT` targets under the job name `edunet`."""
    port = free_port()
    config = tmp / "prometheus.yml"
    job = {"job_name": "edunet", "metrics_path": path, "static_configs": [{"targets": [*targets]}]}
    pace = {"scrape_interval": scrape_interval, "scrape_timeout": scrape_interval}
    config.write_text(json.dumps({"global": pace, "scrape_configs": [job]}))  # JSON is YAML
    argv = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with _running(Daemon(argv, f"http://127.0.0.1:{port}", "/-/ready", tmp)) as daemon:
        yield daemon


@contextmanager
def influxdb(tmp: Path) -> Iterator[Daemon]:
    """InfluxDB 1.x, empty: create a database by `POST /query?q=CREATE DATABASE name`."""
    port, rpc = free_port(), free_port()
    folder = tmp / "influxdb"
    config = tmp / "influxdb.conf"
    config.write_text(
        "reporting-disabled = true\n"
        f'bind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\ndir = "{folder}/meta"\n'
        f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
        "[monitor]\nstore-enabled = false\n"
    )
    argv = ["influxd", "-config", str(config)]
    with _running(Daemon(argv, f"http://127.0.0.1:{port}", "/ping", tmp)) as daemon:
        yield daemon
