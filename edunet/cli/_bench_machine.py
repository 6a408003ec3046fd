"""On what was this measured, and what did a process cost?"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, NamedTuple

from edunet import __version__

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


class Program(NamedTuple):
    """A program of another project, and how it is asked for its version."""

    name: str
    ask: tuple[str, ...] = ("--version",)

    @property
    def path(self) -> str | None:
        return shutil.which(self.name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

    @property
    def version(self) -> str | None:
        """As it tells it; None: it is not installed."""
        if self.path is None:
            return None
        ran = subprocess.run(
            [self.path, *self.ask], capture_output=True, text=True, timeout=20, check=False
        )
        match = re.search(r"\d+\.\d+(\.\d+)?", ran.stdout + ran.stderr)
        return match[0] if match else "of unknown version"


GCC: Final = Program("gcc", ("-dumpfullversion",))
EXPORTER: Final = Program("prometheus-snmp-exporter")
PROMETHEUS: Final = Program("prometheus")
FPING: Final = Program("fping")


def about(*packages: str, programs: Sequence[Program] = ()) -> Iterator[str]:
    """The lines that say where and with what; what is missing is said, and never left out."""
    yield (
        f"edunet {__version__}, Python {platform.python_version()}, {processor()},"
        f" {os.cpu_count()} CPUs, {platform.system()} {platform.release()},"
        f" load before {os.getloadavg()[0]:.1f}"
    )
    there = [(name, package(name)) for name in packages]
    there += [(program.name, program.version) for program in programs]
    if told := ", ".join(f"{name} {found}" for name, found in there if found):
        yield f"beside it: {told}"
    if absent := ", ".join(name for name, found in there if not found):
        yield f"not installed here, so not measured: {absent}"


def package(name: str) -> str | None:
    """The version of an installed distribution."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.machine())


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system, all its threads."""
    told = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    fields = told.rpartition(")")[2].split()  # the name before may hold anything
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def peak_mb(pid: int | str = "self") -> float:
    """The most memory a process ever held, in MB. Unlike ru_maxrss it knows nothing of a parent."""
    return _status_mb(pid, "VmHWM")


def resident_mb(pid: int | str = "self") -> float:
    """The memory a process holds now, in MB."""
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int | str, name: str) -> float:
    told = Path(f"/proc/{pid}/status").read_text("utf-8", errors="replace")
    match = re.search(rf"^{name}:\s+(\d+) kB", told, flags=re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0
