"""The whole house as a user runs it: a process, a virtual city of its own, real sockets."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import pytest
from daemons import free_port

import lab
from edunet.inventory import Inventory, load
from lab import control

ROOT: Final = Path(__file__).parents[2]
EDUNET: Final = [sys.executable, "-c", "from edunet.cli import main; main()"]
COMMUNITY: Final = "kw7-never-to-be-seen"
READY_S: Final = 60.0
QUICK: Final = {"reachability": "500ms", "links": "1s", "interfaces": "3s"}

T = TypeVar("T")


def eventually(
    look: Callable[[], T], true: Callable[[T], object], what: str, seconds: float = 30.0
) -> T:
    """Look until it is so and answer what was seen; fails naming `what` and the last look."""
    deadline = time.monotonic() + seconds
    while not true(seen := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}; the last look: {seen!r:.2000}")
        time.sleep(0.1)
    return seen


class House:
    """`edunet run` over the sample at addresses of its own; the city inside it, or beside it."""

    def __init__(
        self,
        folder: Path,
        *,
        city: bool = True,
        env: Mapping[str, str] = {},
        plan: str | None = None,
        **settings: object,
    ) -> None:
        """`city`: run with `--lab`; else a city is played beside it, which outlives a restart.

        `plan`: another inventory than the sample, with addresses and ports as the sample's.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data, self.log = folder, folder / "data", folder / "run.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "SNMP_COMMUNITY": COMMUNITY, **env}
        self.settings: dict[str, Any] = {
            "listen": f"127.0.0.1:{self.port}", "intervals": QUICK, **settings
        }  # fmt: skip
        self._inside = city
        self._process: subprocess.Popen[bytes] | None = None
        self._city: lab.VirtualCity | None = None
        self._place, net = _own_net()
        self.inventory = self._moved(plan or (ROOT / "inventory.yaml").read_text("utf-8"), net)
        self._http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def words(self) -> str:
        """Everything it has said on its standard streams."""
        return self.log.read_text("utf-8", errors="replace")

    def write(self) -> None:
        """Write `edunet.yaml` as `settings` say."""
        (self.folder / "edunet.yaml").write_text(json.dumps(self.settings), "utf-8")  # YAML too

    def start(self, *, ready: bool = True) -> None:
        """Run it; returns once every device was asked."""
        if not self._inside and self._city is None:
            self._city = lab.start(self.inventory, COMMUNITY, self.folder / "city")
            if not self._city.pings:
                self._by_snmp()
        self.write()
        leash = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*leash, *EDUNET, "run", *(["--lab"] if self._inside else [])],
                cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # a group of its own: killed as one
            )  # fmt: skip
        if ready:
            eventually(self.ready, lambda code: code == 200, "/readyz to say yes", READY_S)

    def ready(self) -> int | None:
        """The status of /readyz; None = nobody listens."""
        if self._process and self._process.poll() is not None:
            pytest.fail(f"edunet ended with {self._process.returncode}:\n{self.words[-4000:]}")
        try:
            return self._http.get("/readyz").status_code
        except httpx.HTTPError:
            return None

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be a success; a path without / is below /api/v1."""
        answer = self.ask(path, **params)
        assert answer.is_success, answer.text
        return answer.json()

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """Any answer."""
        place = path if path.startswith("/") else f"/api/v1/{path}"
        return self._http.get(place, params=params)

    def states(self, what: str = "schools") -> dict[str, str]:
        """id -> state of every school, link, device or county."""
        return {item["id"]: item["state"] for item in self.get(what, limit=1000)["items"]}

    def order(self, do: str, what: str | None = None) -> None:
        """Tell the city: cut, heal, hang, reboot, power-off..."""
        control.ask(self._city.data if self._city else self.data, do, what)

    def until(
        self, expected: Mapping[str, str], what: str = "schools", seconds: float = 30
    ) -> None:
        """Wait until these, of all schools (links, devices), are in these states."""
        eventually(
            lambda: {k: v for k, v in self.states(what).items() if k in expected},
            lambda seen: seen == expected,
            f"{what} to be as expected",
            seconds,
        )

    def end(self, by: signal.Signals = signal.SIGTERM, seconds: float = 5.0) -> int:
        """End the process, as a user or a service manager does; its exit code.

        Raises:
            TimeoutExpired: it has not ended in time.
        """
        assert self._process
        self._process.send_signal(by)
        code = self._process.wait(seconds)
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL to its whole group: nothing is tidied up."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """End everything that was started; calling it again does no harm."""
        if self._process and self._process.poll() is None:
            try:
                self.end()
            except subprocess.TimeoutExpired:
                self.kill()
        if self._city:
            self._city.stop()
        self._http.close()
        self._place.close()

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _moved(self, text: str, net: int) -> Inventory:
        """Write the inventory, moved, beside edunet.yaml."""
        text = re.sub(r"address: 127\.(\d+)", lambda m: f"address: 127.{int(m[1]) + net}", text)
        text = text.replace("port: 16100", f"port: {lab.free_port()}")
        path = self.folder / "inventory.yaml"
        path.write_text(text, "utf-8")
        os.environ.setdefault("SNMP_COMMUNITY", COMMUNITY)
        return load(path)

    def _by_snmp(self) -> None:
        """Where ping cannot be silenced, life is asked by SNMP."""
        path = self.folder / "inventory.yaml"
        path.write_text(path.read_text("utf-8").replace("snmp: ro,", "snmp: ro, reach: snmp,"))


Build = Callable[..., House]


def _own_net() -> tuple[socket.socket, int]:
    """By how much to move 127.10-13, and what keeps others from moving there meanwhile.

    Two cities at one address silence one another. The lab's own tests take the multiples of 8.
    """
    for step in range(30):
        place = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            place.bind(f"\0edunet-test-house-{step}")
        except OSError:
            place.close()
            continue
        return place, 4 + 8 * step
    pytest.fail("thirty houses run on this machine already; end some")
