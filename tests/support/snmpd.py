"""A real agent to poll: Debian's snmpd inside a namespace, with a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemons import binary, until
from netns import Namespace

from collector.snmp.usm import LEVELS, User

COMMUNITY = "sesame"
# The cache of the interface table: 3 s as net-snmp is built, which would make its counters older
# than the sysUpTime beside them. 0 has it read the kernel for every question.
_CACHE_TIMEOUT = "1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2"  # nsCacheTimeout.ifTable
_IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"
_SYS_UPTIME = "1.3.6.1.2.1.1.3.0"

_LEAST = {"noAuthNoPriv": "noauth", "authNoPriv": "auth", "authPriv": "priv"}


class Snmpd:
    """A running snmpd; `kill`, `restart`, `hang` and `wake` do to it what happens to agents.

    It answers versions 1 and 2c, or only 1 if `version` says so, and 3 to its `users`. `address`
    may be one of IPv6. `extra` are more lines of its snmpd.conf.
    """

    def __init__(
        self,
        space: Namespace,
        address: str,
        folder: Path,
        *,
        port: int = 161,
        version: str = "2c",
        users: Sequence[User] = (),
        extra: Sequence[str] = (),
    ) -> None:
        self.space, self.address, self.folder = space, address, folder
        self.port, self.version = port, version
        self._users, self._extra = users, extra
        self.log = folder / "snmpd.log"
        self.kept = folder / "persistent" / "snmpd.conf"  # engine id, boots and the users' keys
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        config = self.folder / "snmpd.conf"
        config.write_text("\n".join(self._config()) + "\n")
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        surroundings = ["env", "MIBS=", f"SNMP_PERSISTENT_DIR={self.folder / 'persistent'}"]
        configs = str(config)
        if self._users:  # with -C it reads no other file, and so would forget id and boots
            configs += f",{self.kept}"
        daemon = [binary("snmpd"), "-f", "-C", "-c", configs, "-Lo"]
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

    @property
    def _place(self) -> str:
        """Address and port, as net-snmp writes them."""
        if ":" in self.address:
            return f"udp6:[{self.address}]:{self.port}"
        return f"udp:{self.address}:{self.port}"

    def _config(self) -> Iterator[str]:
        yield f"agentaddress {self._place}"
        yield "sysName switch-1"
        if self.version == "1":
            yield "view all included .1"
            for community, write in ((COMMUNITY, "none"), (f"{COMMUNITY}-rw", "all")):
                for family in ("com2sec", "com2sec6"):
                    yield f"{family} {community} default {community}"
                yield f"group {community} v1 {community}"
                yield f'access {community} "" v1 noauth exact all {write} none'
        else:
            for kind, community in (("ro", COMMUNITY), ("rw", f"{COMMUNITY}-rw")):
                yield f"{kind}community{'6' if ':' in self.address else ''} {community}"
        for user in self._users:
            yield f"createUser {user.name} {_protocols(user)}"
            yield f"rouser {user.name} {_LEAST[LEVELS[user.level]]}"
        yield from self._extra

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
        argv = [binary(program), "-t1", "-r1", f"-v{self.version}", "-c", community, "-On"]
        options = [word for word in words if word.startswith("-")]
        rest = [word for word in words if not word.startswith("-")]
        ran = subprocess.run(
            self.space.argv("env", "MIBS=", *argv, *options, self._place, *rest),
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return ran.stdout if ran.returncode == 0 else ""


def _protocols(user: User) -> str:
    """A user's protocols and passwords, as `createUser` wants them."""
    words: list[str] = []
    for part in (user.auth, user.priv):
        if part:
            words += [part[0].replace("AES-128", "AES"), f'"{part[1].decode()}"']
    return " ".join(words)


@contextmanager
def snmpd(
    space: Namespace,
    address: str,
    folder: Path,
    *,
    port: int = 161,
    version: str = "2c",
    users: Sequence[User] = (),
    extra: Sequence[str] = (),
) -> Iterator[Snmpd]:
    """Start it, wait until it answers, take it away again."""
    agent = Snmpd(space, address, folder, port=port, version=version, users=users, extra=extra)
    try:
        agent.start()
        yield agent
    finally:
        agent.kill()
