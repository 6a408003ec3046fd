"""Which networks can a test build: namespaces of this machine, joined by cables (veth pairs).

Names carry the number of the test process; whatever dead processes left behind is removed first.
Without root the test is skipped by name, but fails where `CI` is `true`.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from daemons import binary

_CLONE_NEWNET = 0x40000000
_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21  # to enter a namespace
_NAME = re.compile(r"edt-(\d+)-\w+")
_numbers = itertools.count(1)


def permitted() -> None:
    """Skip the test, or fail it in CI, where namespaces cannot be made."""
    status = Path("/proc/self/status").read_text("ascii")
    effective = int(re.findall(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)[0], 16)
    if effective >> _CAP_NET_ADMIN & 1 and effective >> _CAP_SYS_ADMIN & 1:
        return
    message = "network namespaces need root (CAP_NET_ADMIN, CAP_SYS_ADMIN)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Namespace:
    """One network of its own: only what was plugged into it is there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def argv(self, *command: str) -> list[str]:
        """The command line that runs this command inside."""
        return [binary("ip"), "netns", "exec", self.name, *command]

    def run(self, *command: str) -> str:
        """Run it inside; its output. A command that fails fails the test."""
        return _output(self.argv(*command))

    def ip(self, *words: str) -> str:
        """`ip` with these words, inside."""
        return _output([binary("ip"), "-n", self.name, *words])

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Within, this thread opens its sockets inside; opened ones stay where they were opened."""
        with (
            Path("/proc/thread-self/ns/net").open("rb") as here,
            Path(f"/run/netns/{self.name}").open("rb") as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def statistics(self) -> dict[str, dict[str, int]]:
        """The kernel's own counters of each interface, as /sys/class/net shows them inside."""
        found: dict[str, dict[str, int]] = {}
        script = "cd /sys/class/net && grep -H . */statistics/*"
        for line in self.run("sh", "-c", script).splitlines():
            path, _, value = line.rpartition(":")
            interface, _, name = path.split("/")
            found.setdefault(interface, {})[name] = int(value)
        return found


@contextmanager
def namespaces(*labels: str) -> Iterator[list[Namespace]]:
    """Make a namespace for each label, its loopback up; remove them all, whatever happens."""
    permitted()
    _sweep()
    with ExitStack() as gone:
        made = []
        for label in labels:
            name = f"edt-{os.getpid()}-{label}{next(_numbers)}"
            _output([binary("ip"), "netns", "add", name])
            gone.callback(_remove, name)
            made.append(Namespace(name))
            made[-1].ip("link", "set", "lo", "up")
        yield made


def plug(near: tuple[Namespace, str, str], far: tuple[Namespace, str, str]) -> None:
    """Join two (namespace, interface, address/prefix) by a cable; both ends are up."""
    (here, port, _), (there, other, _) = near, far
    ends = ("netns", here.name, "type", "veth", "peer", "name", other, "netns", there.name)
    _output([binary("ip"), "link", "add", port, *ends])
    for space, interface, address in (near, far):
        # Without IPv6 nothing but what the test sends crosses the cable.
        space.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
        space.ip("addr", "add", address, "dev", interface)
        space.ip("link", "set", interface, "up")


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _sweep() -> None:
    for line in _output([binary("ip"), "netns", "list"]).splitlines():
        name = line.split()[0]
        match = _NAME.fullmatch(name)
        if match and not Path(f"/proc/{match[1]}").exists():
            _remove(name)


def _remove(name: str) -> None:
    """Whoever still runs inside is ended, or the network would live on without a name."""
    ip = binary("ip")
    left = subprocess.run(
        [ip, "netns", "pids", name], capture_output=True, text=True, check=False, timeout=10
    )
    for pid in left.stdout.split():
        subprocess.run(["kill", "-9", pid], check=False, timeout=10)
    subprocess.run([ip, "netns", "del", name], check=False, timeout=10)


def _output(argv: Sequence[str]) -> str:
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    if ran.returncode:
        pytest.fail(f"{' '.join(argv)}: {ran.stderr.strip()[:500]}")
    return ran.stdout
