"""A real router: Debian's FRR in a namespace, OSPF for IPv4 and for IPv6, each its own process."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from daemons import binary, until
from netns import Namespace

# Everything at once: what is measured here is the monitor, not how patient OSPF is by default.
_TIMERS: Final = {
    "ospf": "timers throttle spf 0 50 200\n timers throttle lsa all 0\n timers lsa min-arrival 0",
    "ospf6": "timers throttle spf 0 50 200\n timers lsa min-arrival 0",
}
_VERB: Final = {"ospf": "ip ospf", "ospf6": "ipv6 ospf6"}
_DAEMON: Final = {"ospf": "ospfd", "ospf6": "ospf6d"}
_ALL: Final = ("zebra", *_DAEMON.values())


class Port(NamedTuple):
    """`cost`: of a port to another router; None = nobody is asked for routes there."""

    cost: int | None = None
    ipv6: bool = False


class Frr:
    """The routing daemons of one router. `folder` must have a short path: sockets lie in it."""

    def __init__(
        self, space: Namespace, router_id: str, ports: Mapping[str, Port], folder: Path
    ) -> None:
        self.space, self.folder = space, folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True)
        (folder / "zebra.conf").write_text(f"hostname {folder.name}\n")
        for protocol, daemon in _DAEMON.items():
            text = _config(protocol, router_id, ports)
            (folder / f"{daemon}.conf").write_text(text)

    def start(self) -> None:
        """Start whichever does not run. Does not wait: a route in the kernel tells they work."""
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        for name in (name for name in _ALL if name not in self._running):
            flags: list[str | Path] = ["--vty_socket", self.folder, "-z", self.folder / "z.api"]
            flags += ["-i", self.folder / f"{name}.pid", "-f", self.folder / f"{name}.conf"]
            # As root: who changes his user loses the leash.
            flags += ["-A", "127.0.0.1", "-P", "0", "--log", "stdout", "-u", "root", "-g", "frrvty"]
            argv = [*leash, *self.space.argv(binary(name), *map(str, flags))]
            with (self.folder / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            # Who comes before zebra comes again ten seconds later.
            until((self.folder / "z.api").is_socket, "zebra to listen")

    def kill(self, *daemons: str) -> None:
        """SIGKILL, by default to all of them."""
        for name in daemons or tuple(self._running):
            process = self._running.pop(name)
            process.kill()
            process.wait()
            if name == "zebra":
                (self.folder / "z.api").unlink(missing_ok=True)

    def way_to(self, address: str) -> str | None:
        """The port the kernel of this router sends this address to; None = it has no route."""
        family = "-6" if ip_address(address).version == 6 else "-4"
        argv = [binary("ip"), "-json", family, "-n", self.space.name, "route", "get", address]
        ran = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
        found = json.loads(ran.stdout) if ran.returncode == 0 and ran.stdout.strip() else []
        return str(found[0]["dev"]) if found and "dev" in found[0] else None


def _config(protocol: str, router_id: str, ports: Mapping[str, Port]) -> str:
    verb = _VERB[protocol]
    lines = [f"interface lo\n {verb} area 0"]
    for name, port in ports.items():
        if protocol == "ospf6" and not port.ipv6:
            continue
        lines += [f"interface {name}", f" {verb} area 0"]
        if port.cost is None:
            lines.append(f" {verb} passive")
        else:
            lines += [
                f" {verb} network point-to-point", f" {verb} cost {port.cost}",
                f" {verb} hello-interval 1", f" {verb} dead-interval 4",
            ]  # fmt: skip
    word = "ospf" if protocol == "ospf" else "ospf6"
    lines += [f"router {word}", f" {word} router-id {router_id}", f" {_TIMERS[protocol]}"]
    return "\n".join(lines) + "\n"
