"""A city in a process of its own: how it is started, known to be ready, and ended."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import control
from lab.cast import KIND, RECORDING
from lab.play import communities
from lab.silence import Silence

_READY_S: Final = 30.0
_GRACE_S: Final = 1.5
_PARTS: Final[
    dict[str, Any]
] = {  # what a city is made of; neither credentials nor contacts go to the child
    "network": {"name", "timezone"},
    "vantage": True,
    "sites": {"__all__": {"id", "kind", "name", "parent"}},
    "devices": {
        "__all__": {
            **dict.fromkeys(("id", "site", "address", "port", "snmp", "role"), True),
            "labels": {KIND, RECORDING},
        }
    },
    "links": {
        "__all__": {"id", "role", "a", "b", "capacity", "committed", "circuit"},
    },
}


class VirtualCity:
    """A running city. It ends with `stop`, at the end of `with`, or when this process dies."""

    def __init__(self, child: subprocess.Popen[bytes], data: Path, pings: bool) -> None:
        self._child = child
        self.data = data
        self.pings = pings

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def reach(self) -> str:
        """How to learn whether a device lives: icmp, or snmp where ping cannot be silenced."""
        return "icmp" if self.pings else "snmp"

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def ask(self, do: str, what: str | None = None, **how: object) -> dict[str, Any]:
        """Give an order (cut, heal, hang, reboot...); returns the status after it.

        `how`: what the order needs besides, such as `loss=0.1` (`lab.orders`).

        Raises:
            LabError: it is refused, or the city has ended.
        """
        return control.ask(self.data, do, what, **how)

    def stop(self) -> None:
        """End the city within two seconds; calling it again does no harm."""
        with suppress(OSError):
            _pipe(self._child.stdin).close()
        try:
            self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.returncode and self.pings:  # it was killed, and could not tidy up
            Silence(f"edunet_lab_{self._child.pid}").close()
        _pipe(self._child.stdout).close()

    def __enter__(self) -> VirtualCity:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(inventory: Inventory, community: str | None, data: Path) -> VirtualCity:
    """Play this inventory in a child process, which answers when this returns.

    `community` None means: as the inventory's credentials say.

    Raises:
        ConfigError: a credential's secret cannot be opened.
        LabError: the inventory cannot be played, a port is taken, or the child does not come up.
    """
    parts = inventory.model_dump(mode="json", include=_PARTS)
    for device in parts["devices"]:
        if RECORDING in device["labels"]:  # the child stands in another folder
            device["labels"][RECORDING] = str(Path(device["labels"][RECORDING]).absolute())
    plan = {
        "inventory": parts,
        "communities": communities(inventory, community),
        "data": str(data.absolute()),
    }
    # The plan, which holds the community, travels by pipe: arguments are everybody's to read. The
    # same pipe then tells the child that we live, for it breaks when we die, however we die.
    child = subprocess.Popen(
        [sys.executable, "-m", "lab"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        start_new_session=True,  # Ctrl-C is for us; we end the city when we have ended
    )
    city = VirtualCity(child, data, pings=False)
    try:
        _pipe(child.stdin).write(json.dumps(plan).encode() + b"\n")
        _pipe(child.stdin).flush()
        told = json.loads(_first_line(child) or b"null")
    except (OSError, ValueError):
        told = None
    except BaseException:
        city.stop()
        raise
    if not isinstance(told, dict) or "error" in told:
        city.stop()
        raise LabError(told["error"] if told else "the virtual city did not come up")
    city.pings = bool(told["silences_ping"])
    return city


def _first_line(child: subprocess.Popen[bytes]) -> bytes:
    out = _pipe(child.stdout)
    deadline = time.monotonic() + _READY_S
    with selectors.DefaultSelector() as waiting:
        waiting.register(out, selectors.EVENT_READ)
        if not waiting.select(deadline - time.monotonic()):
            raise LabError(f"the virtual city was not ready within {_READY_S:.0f} s")
    return bytes(out.readline())


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise LabError("the child was started without a pipe")
    return pipe
