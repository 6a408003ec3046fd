"""A small city of real cables: every device a namespace, edunet itself in one of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from daemons import free_port
from house import EDUNET, eventually
from netns import Namespace, namespaces, plug

SCHOOLS: Final = ("s1", "s2", "s3")
DEVICES: Final = ("core", "c1", "c2", *SCHOOLS)
# near, far, the third number of 10.7.N.0/30; the far end is the device's address
_CABLES: Final = (
    ("core", "noc", 0), ("core", "c1", 1), ("core", "c2", 2),
    ("c1", "s1", 11), ("c1", "s2", 12), ("c2", "s3", 21),
)  # fmt: skip
_ROUTES: Final = {"c1": ("10.7.11.0/30", "10.7.12.0/30"), "c2": ("10.7.21.0/30",)}
_ADDRESS: Final = {"core": "10.7.0.1"} | {
    far: f"10.7.{n}.2" for _, far, n in _CABLES if far != "noc"
}
PERIOD_S: Final = 1.0


class Wired:
    """The city, and edunet over it. The thread that uses it is inside `noc`."""

    def __init__(self, spaces: Mapping[str, Namespace], folder: Path) -> None:
        self.spaces, self.folder = spaces, folder
        self.port = free_port()
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=10, trust_env=False
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def noc(self) -> Namespace:
        return self.spaces["noc"]

    @property
    def words(self) -> str:
        return (self.folder / "run.log").read_text("utf-8", errors="replace")

    def cable(self, near: str, far: str) -> None:
        """Plug it in, or in again: whoever pulls one loses the ways over it."""
        self.spaces[near].ip("link", "set", f"to-{far}", "up")
        self.spaces[far].ip("link", "set", "up0", "up")
        self.spaces[far].ip("route", "replace", "default", "via", _near_address(far))
        for net in _ROUTES.get(far, ()):
            self.spaces[near].ip("route", "replace", net, "via", _ADDRESS[far])

    def pull(self, space: str, interface: str) -> None:
        self.spaces[space].ip("link", "set", interface, "down")

    def run(
        self, inventory: Mapping[str, Any], *, under: tuple[str, ...] = (), **settings: object
    ) -> None:
        """`edunet run`, by way of a command that takes rights away."""
        self.folder.mkdir(exist_ok=True)
        told = {
            "listen": f"127.0.0.1:{self.port}",
            "intervals": {"reachability": f"{PERIOD_S:g}s", "links": "1s", "interfaces": "3s"},
            **settings,
        }
        (self.folder / "inventory.yaml").write_text(json.dumps(inventory), "utf-8")
        (self.folder / "edunet.yaml").write_text(json.dumps(told), "utf-8")
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        with (self.folder / "run.log").open("wb") as log:
            self._process = subprocess.Popen(
                self.noc.argv(*leash, *under, *EDUNET, "run"),
                cwd=self.folder, env=dict(os.environ), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        eventually(self._ready, lambda code: code == 200, "/readyz to say yes", 40)

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.is_success, answer.text
        return answer.json()

    def states(self, what: str = "devices") -> dict[str, str]:
        return {item["id"]: item["state"] for item in self.get(what)["items"]}

    def until(self, expected: Mapping[str, str], what: str = "devices") -> None:
        eventually(
            lambda: {k: v for k, v in self.states(what).items() if k in expected},
            lambda seen: seen == expected,
            f"{what} to be as expected",
            20,
        )

    def well(self) -> None:
        """Wait until all is up."""
        self.until(dict.fromkeys(DEVICES, "up"))
        self.until(dict.fromkeys(SCHOOLS, "up"), "schools")

    def watched(self, seconds: float) -> Iterator[tuple[float, dict[str, str]]]:
        """For so long, after how many seconds everything was in which state."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            seen = {f"{w}/{k}": v for w in ("devices", "schools", "links", "counties")
                    for k, v in self.states(w).items()}  # fmt: skip
            yield passed, seen
            time.sleep(0.15)

    def end(self) -> None:
        self.http.close()
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(8)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _ready(self) -> int:
        if self._process and self._process.poll() is not None:
            pytest.fail(f"edunet ended with {self._process.returncode}:\n{self.words[-4000:]}")
        try:
            return self.http.get(f"http://127.0.0.1:{self.port}/readyz").status_code
        except httpx.HTTPError:
            return 0


@contextmanager
def wired(folder: Path) -> Iterator[Wired]:
    """The cables are in, this thread is in `noc`, edunet does not run yet."""
    with namespaces("noc", *DEVICES) as made, ExitStack() as stack:
        spaces = dict(zip(("noc", *DEVICES), made, strict=True))
        for near, far, n in _CABLES:
            plug(
                (spaces[near], f"to-{far}", f"10.7.{n}.1/30"),
                (spaces[far], "up0", f"10.7.{n}.2/30"),
            )
        for space in ("core", "c1", "c2"):
            spaces[space].run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        stack.enter_context(spaces["noc"].entered())
        city = Wired(spaces, folder)
        stack.callback(city.end)
        for near, far, _ in _CABLES:
            city.cable(near, far)
        yield city


def inventory(**more: Mapping[str, object]) -> dict[str, Any]:
    """What edunet is told of it; `more` by device id."""
    sites = [
        {"id": "city", "kind": "city", "name": "City"},
        *({"id": c, "kind": "county", "parent": "city", "name": c.upper()} for c in ("c1", "c2")),
        *(
            {"id": far, "kind": "school", "parent": near, "name": far.upper(), "classes": 10}
            for near, far, _ in _CABLES
            if far in SCHOOLS
        ),
    ]
    devices = [
        {"id": d, "site": "city" if d == "core" else d, "address": _ADDRESS[d], **more.get(d, {})}
        for d in DEVICES
    ]
    links = [
        {
            "id": f"{near}-{far}",
            "role": "school_access" if far in SCHOOLS else "county_uplink",
            "a": {"device": near, "interface": f"to-{far}"},
            "b": {"device": far, "interface": "up0"},
        }
        for near, far, _ in _CABLES
        if far != "noc"
    ]
    return {
        "network": {"name": "wired", "locale": "en"},
        "vantage": [{"id": "noc", "device": "core"}],
        "sites": sites,
        "devices": devices,
        "links": links,
    }


def _near_address(far: str) -> str:
    return next(f"10.7.{n}.1" for _, name, n in _CABLES if name == far)
