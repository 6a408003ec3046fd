"""A router to log in to: Debian's sshd in front of FRRouting's vtysh, on a loopback port.

The account `netops` exists only inside sshd's own mount namespace, where copies of /etc/passwd and
/etc/shadow lie over the real ones; the router's ports live in a network namespace of zebra's. Both
vanish with their process: nothing of the machine is changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemons import binary, free_port, until

USER = "netops"
PASSWORD = "correct horse battery staple"

# Two veth pairs: p0 and p1 are up at both ends, d0 is up but d1 is not, so d0 has no carrier.
_PORTS = """
set -e
ip link set lo up
ip link add p0 type veth peer name p1
ip link add d0 type veth peer name d1
ip link set p0 up; ip link set p1 up; ip link set d0 up
exec "$@"
"""
_ACCOUNT = """
set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
mount -t tmpfs tmpfs /run
mkdir /run/sshd
exec "$2" -D -e -f "$1/sshd_config"
"""


@dataclass
class Router:
    """A running router: where to log in, with what, and what the machine itself says of it."""

    folder: Path
    port: int
    zebra: int

    @property
    def private_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def host_key(self) -> str:
        """The public host key as `known_hosts` has it: kind and base64."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def vtysh(self, command: str) -> str:
        """What vtysh says without any SSH in between."""
        argv = [binary("vtysh"), "--vty_socket", str(self.folder / "vty"), "-c", command]
        return _output(argv)

    def operstate(self) -> dict[str, str]:
        """The kernel's own word for each port: up, down, lowerlayerdown, unknown."""
        inside = ["nsenter", "--net", f"--target={self.zebra}"]
        links = json.loads(_output([*inside, "ip", "-json", "link"]))
        return {link["ifname"]: link["operstate"].lower() for link in links}

    def log(self) -> str:
        """What sshd and zebra wrote."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


@contextmanager
def router() -> Iterator[Router]:
    """Start it, wait until it answers, take it away again. Needs root and its namespaces."""
    zebra, sshd = binary("zebra"), binary("sshd")
    for program in ("vtysh", "ssh-keygen", "openssl", "unshare", "nsenter"):
        binary(program)
    _namespaces_or_skip()
    with ExitStack() as stack:
        # Not pytest's folder: the account has to reach its shell's socket, and its path is short.
        folder = Path(tempfile.mkdtemp(prefix="edunet-sshd-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        port = free_port()
        _write_account(folder)
        _write_config(folder, port)
        vty = folder / "vty"
        vty.mkdir(mode=0o755)
        shutil.chown(vty, "frr", "frrvty")
        flags = ["--vty_socket", vty, "-z", vty / "zserv.api", "-i", vty / "zebra.pid"]
        flags += ["-f", "/dev/null", "-A", "127.0.0.1", "-P", "0", "--log", "stdout"]
        routing = stack.enter_context(
            _running(
                ["unshare", "--net", "sh", "-c", _PORTS, "sh", zebra, *map(str, flags)], folder
            )
        )
        running = Router(folder, port, routing.pid)
        until(lambda: (vty / "zebra.vty").is_socket(), "zebra's socket")
        until(lambda: "d1" in running.vtysh("show interface brief"), "zebra to see its ports")
        alone = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ACCOUNT, "sh"]
        login = stack.enter_context(_running([*alone, str(folder), sshd], folder))
        until(lambda: login.poll() is not None or "listening on" in running.log(), "sshd to listen")
        if login.poll() is not None:
            pytest.fail(f"sshd did not come up:\n{running.log()[-2000:]}")
        yield running


def _namespaces_or_skip() -> None:
    message = "a router for the test needs root, with mount and network namespaces"
    probe = ["unshare", "--net", "--mount", "ip", "link", "add", "t0", "type", "veth"]
    if os.geteuid() == 0 and not subprocess.run(probe, capture_output=True, check=False).returncode:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _write_account(folder: Path) -> None:
    for name in ("host_key", "user_key"):
        _output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)])
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    (folder / "authorized_keys").chmod(0o644)
    hashed = _output(["openssl", "passwd", "-6", "-stdin"], PASSWORD).strip()
    vty_group = next(
        line.split(":")[2]
        for line in Path("/etc/group").read_text().splitlines()
        if line.startswith("frrvty:")
    )
    entry = f"{USER}:x:61999:{vty_group}::{folder}:/bin/sh\n"
    (folder / "passwd").write_text(Path("/etc/passwd").read_text() + entry)
    (folder / "shadow").touch(mode=0o600)
    shadow = f"{USER}:{hashed}:20000:0:99999:7:::\n"
    (folder / "shadow").write_text(Path("/etc/shadow").read_text() + shadow)


def _write_config(folder: Path, port: int) -> None:
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host_key",
        "PidFile": "none",
        "UsePAM": "no",
        "PasswordAuthentication": "yes",
        "KbdInteractiveAuthentication": "no",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "StrictModes": "no",
        "AllowUsers": USER,
        "PrintMotd": "no",
        "ForceCommand": f"{binary('vtysh')} --vty_socket {folder / 'vty'}",
    }
    lines = (f"{name} {value}\n" for name, value in settings.items())
    (folder / "sshd_config").write_text("".join(lines))


@contextmanager
def _running(argv: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
    log = Path(tempfile.mkstemp(dir=folder, suffix=".log")[1])
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*leash, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _output(argv: Sequence[str], given: str | None = None) -> str:
    done = subprocess.run(
        argv, input=given, capture_output=True, text=True, check=False, timeout=20
    )
    return done.stdout
