"""snmp_exporter and Prometheus: how they are told what to collect, started, and ended."""

from __future__ import annotations

import gzip
import http.client
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final
from urllib.parse import quote

import yaml

from collector.mibs import mib
from edunet.cli._bench_machine import EXPORTER, PROMETHEUS, Program, cpu_s, peak_mb
from edunet.cli._bench_network import COMMUNITY, PORTS
from edunet.errors import EdunetError
from edunet.inventory.model import Device

_READY_S: Final = 20.0
_GRACE_S: Final = 5.0
_UPTIME: Final = mib("if_mib").scalars["sysUpTime"]
_GAUGES: Final = ("ifOperStatus", "ifHighSpeed")
_COLUMNS: Final = {  # the eight that everybody counts, by their names
    source.object: source.oid
    for column in mib("if_mib").columns.values()
    for source in column.sources
    if source.object
    in {
        "ifHCInOctets", "ifHCOutOctets", "ifInErrors", "ifOutErrors", "ifInDiscards",
        "ifOutDiscards", "ifOperStatus", "ifHighSpeed",
    }
}  # fmt: skip
COLUMNS: Final = tuple(_COLUMNS)
_MODULES: Final = {"uplinks": "uplink", "ports": "get"}  # get costs less than walk: measured


AS_PROMETHEUS: Final = {  # how it asks to be answered
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
}


class Daemon:
    """A program that serves HTTP on loopback. It ends at the end of `with`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        ready: str,
        ready_s: float = _READY_S,
        **environment: str,
    ) -> None:
        """Returns once `ready`, a path, is answered with 200, within `ready_s`.

        Raises:
            EdunetError: it does not come up; in its own words.
        """
        self.name, self.port = name, port
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            env={**os.environ, **environment},
        )
        deadline = time.monotonic() + ready_s
        while not self._answers(ready):
            if self._child.poll() is not None or time.monotonic() > deadline:
                last = self._last() or "it says nothing"
                self.stop()
                raise EdunetError(f"{self.name} does not come up: {last}")
            time.sleep(0.05)

    @property
    def cpu_s(self) -> float:
        return cpu_s(self._child.pid)

    @property
    def peak_mb(self) -> float:
        return peak_mb(self._child.pid)

    def get(self, path: str, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """Raises: EdunetError: it does not answer with 200."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EdunetError(f"{self.name}: {error}") from None
        finally:
            line.close()
        if answer.status != 200:
            raise EdunetError(f"{self.name}: {body[:300].decode(errors='replace').strip()}")
        return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body

    def stop(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._said.close()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _last(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()[-300:]

    def _answers(self, path: str) -> bool:
        try:
            self.get(path)
        except EdunetError:
            return False
        return True


def exporter(folder: Path) -> Daemon:
    """snmp_exporter with its modules `walk`, `get` and `uplink`.

    Raises:
        EdunetError: it is not installed, or does not come up.
    """
    last = [f"{oid}.{PORTS}" for oid in _COLUMNS.values()]
    every = [f"{oid}.{row}" for oid in _COLUMNS.values() for row in range(1, PORTS + 1)]
    modules = {
        # PORTS + 2 rows at once: a column and its end in one answer, as few as there can be
        "walk": {**_module(PORTS + 2), "walk": [*_COLUMNS.values()], "get": [_UPTIME]},
        "get": {**_module(57), "get": [_UPTIME, *every]},
        "uplink": {**_module(57), "get": [_UPTIME, *last]},
    }
    config, port = folder / "snmp.yml", free_tcp_port()
    config.write_text(yaml.safe_dump(modules), encoding="utf-8")
    at = f"--web.listen-address=127.0.0.1:{port}"
    words = (f"--config.file={config}", at, "--log.level=error")
    return Daemon(EXPORTER.name, [_path(EXPORTER), *words], port, "/")


def scrape(module: str, device: Device) -> str:
    """The path by which the exporter is made to ask a device."""
    return f"/snmp?module={module}&target={quote(f'{device.address}:{device.port}', safe='')}"


def samples(body: bytes) -> int:
    """How many values of the device an answer of the exporter holds; its own are left out."""
    lines = body.splitlines()
    return sum(not line.startswith((b"#", b"snmp_")) for line in lines if line)


def prometheus(
    folder: Path, devices: Sequence[Device], exporter_port: int, periods: Mapping[str, int]
) -> Daemon:
    """Prometheus: `uplinks` and all `ports` every so many seconds, and their rates as often.

    Raises:
        EdunetError: it is not installed, or does not come up.
    """
    (folder / "rules.yml").write_text(yaml.safe_dump(_rules(periods)), encoding="utf-8")
    config, port = folder / "prometheus.yml", free_tcp_port()
    told = {
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [
            _job(name, _MODULES[name], seconds, devices, exporter_port)
            for name, seconds in periods.items()
        ],
    }
    config.write_text(yaml.safe_dump(told), encoding="utf-8")
    words = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    return Daemon(PROMETHEUS.name, [_path(PROMETHEUS), *words], port, "/-/ready")


def _path(program: Program) -> str:
    if program.path is None:
        raise EdunetError(f"{program.name} is not installed")
    return program.path


def free_tcp_port() -> int:
    """A TCP port of loopback that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _module(repetitions: int) -> dict[str, Any]:
    index = [{"labelname": "ifIndex", "type": "gauge"}]
    metrics: list[dict[str, Any]] = [
        {"name": "sysUpTime", "oid": _UPTIME.removesuffix(".0"), "type": "gauge", "help": "-"}
    ]
    metrics += [
        {
            "name": name,
            "oid": oid,
            "type": "gauge" if name in _GAUGES else "counter",
            "help": "-",
            "indexes": index,
        }
        for name, oid in _COLUMNS.items()
    ]
    return {
        "metrics": metrics,
        "version": 2,
        "max_repetitions": repetitions,
        "retries": 1,
        "timeout": "5s",
        "auth": {"community": COMMUNITY},
    }


def _job(
    name: str, module: str, seconds: int, devices: Iterable[Device], port: int
) -> Mapping[str, Any]:
    return {
        "job_name": name,
        "scrape_interval": f"{seconds}s",
        "scrape_timeout": f"{min(seconds, 10)}s",
        "metrics_path": "/snmp",
        "params": {"module": [module]},
        "static_configs": [{"targets": [f"{d.address}:{d.port}" for d in devices]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{port}"},
        ],
    }


def _rules(periods: Mapping[str, int]) -> Mapping[str, Any]:
    """What edunet derives too: bits per second in and out of every port."""

    def group(job: str, seconds: int) -> dict[str, Any]:
        return {
            "name": job,
            "interval": f"{seconds}s",
            "rules": [
                {
                    "record": f"{job}:{way}:bps",
                    "expr": f'8 * rate({counter}{{job="{job}"}}[{seconds * 5 // 2}s])',
                }
                for way, counter in (("in", "ifHCInOctets"), ("out", "ifHCOutOctets"))
            ],
        }

    return {"groups": [group(name, seconds) for name, seconds in periods.items()]}
