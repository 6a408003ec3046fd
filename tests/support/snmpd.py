"""A real agent to poll: Debian's snmpd inside a namespace, with a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemons import binary, until
from netns import Namespace

COMMUNITY = "sesame"
# The cache of the interface table: 3 s as net-snmp is built, which would make its counters older
# than the sysUpTime beside them. 0 has it read the kernel for every question.
_CACHE_TIMEOUT = "1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2"  # nsCacheTimeout.ifTable
_IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"
_SYS_UPTIME = "1.3.6.1.2.1.1.3.0"


class Snmpd:
    """A running snmpd; `kill`, `restart`, `hang` and `wake` do to it what happens to agents."""

    def __init__(self, space: Namespace, address: str, folder: Path) -> None:
        self.space, self.address, self.folder = space, address, folder
        self.port = 161
        self.log = folder / "snmpd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        config = self.folder / "snmpd.conf"
        config.write_text(
            f"agentaddress udp:{self.address}:{self.port}\n"
            f"rocommunity {COMMUNITY}\nrwcommunity {COMMUNITY}-rw\n"
            "sysName switch-1\n"
        )
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        surroundings = ["env", "MIBS=", f"SNMP_PERSISTENT_DIR={self.folder / 'persistent'}"]
        daemon = [binary("snmpd"), "-f", "-C", "-c", str(config), "-Lo"]
        argv = [*leash, *self.space.argv(*surroundings, *daemon)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        until(self._answers, f"snmpd at {self.address}; see {self.log}", 15)
        self._set(_CACHE_TIMEOUT, "i", "0")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: from now on nobody listens on the port."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """As an agent that crashed: its sysUpTime begins anew, the kernel's counters do not."""
        self.kill()
        self.start()

    def hang(self) -> None:
        """SIGSTOP: the port is open, and nothing comes back."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def describe(self, index: int, alias: str) -> None:
        """Write an interface's ifAlias, as its administrator would."""
        self._set(f"{_IF_ALIAS}.{index}", "s", alias)

    def index(self, interface: str) -> int:
        """The ifIndex of an interface: the kernel's own number of it."""
        return int(self.space.run("cat", f"/sys/class/net/{interface}/ifindex"))

    def uptime_s(self) -> float:
        """sysUpTime, as net-snmp's own client reads it."""
        return int(self._client("snmpget", COMMUNITY, "-Ovt", _SYS_UPTIME)) / 100

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            pytest.fail(f"snmpd did not come up:\n{self.log.read_text(errors='replace')[-2000:]}")
        return bool(self._client("snmpget", COMMUNITY, _SYS_UPTIME))

    def _set(self, oid: str, kind: str, value: str) -> None:
        assert self._client("snmpset", f"{COMMUNITY}-rw", oid, kind, value)

    def _client(self, program: str, community: str, *words: str) -> str:
        """What net-snmp's client prints; nothing when it gets no answer."""
        argv = [binary(program), "-t1", "-r1", "-v2c", "-c", community, "-On"]
        options = [word for word in words if word.startswith("-")]
        rest = [word for word in words if not word.startswith("-")]
        ran = subprocess.run(
            self.space.argv("env", "MIBS=", *argv, *options, self.address, *rest),
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return ran.stdout if ran.returncode == 0 else ""


@contextmanager
def snmpd(space: Namespace, address: str, folder: Path) -> Iterator[Snmpd]:
    """Start it, wait until it answers, take it away again."""
    agent = Snmpd(space, address, folder)
    try:
        agent.start()
        yield agent
    finally:
        agent.kill()
