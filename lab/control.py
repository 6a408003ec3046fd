"""What may be asked of the running city, over a UNIX socket in the data folder?

One JSON object a line, `{"do": "cut", "what": "core-c3"}`; the answer is the status or `{"error"}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from edunet.errors import LabError

SOCKET: Final = "lab.sock"
_MAX_LINE: Final = 4096
_DEADLINE_S: Final = 10.0
_READING_S: Final = 60.0  # a large recording takes its time
_MAX_ANSWER: Final = 64 << 20  # a status names every silent device of a province

Obey = Callable[[object], Awaitable[dict[str, Any]]]


@contextmanager
def _short(data: Path) -> Iterator[str]:
    """The socket's path within the 107 bytes a UNIX address may have, however deep the folder."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


def listen(data: Path) -> socket.socket:
    """The control socket of a new city, for its owner alone.

    Raises:
        LabError: a city runs in this folder already, or nothing can be written there.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        with _short(data) as path:
            _clear(path, data)
            control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            os.fchmod(control.fileno(), 0o600)  # before bind, so that it was never wider
            control.bind(path)
    except OSError as error:
        raise LabError(f"{data / SOCKET}: {error.strerror}; choose another data folder") from None
    control.listen(16)
    control.setblocking(False)
    return control


def _clear(path: str, data: Path) -> None:
    """Remove the socket of a city that has died."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise LabError(f"{data / SOCKET} is no socket; move it away")
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as knock:
            try:
                knock.connect(path)
            except ConnectionRefusedError:
                os.unlink(path)  # noqa: PTH108 (the path is a descriptor's, not a Path)
                return
        raise LabError(
            f"a city runs in {data} already; end it first, or choose another data folder"
        )


class Control:
    """The listening side: reads orders, and tells how the city stands after each."""

    def __init__(self, obey: Obey) -> None:
        self._obey = obey

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line after line until the other side leaves, falls silent or talks nonsense."""
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            while line := await asyncio.wait_for(reader.readline(), _DEADLINE_S):
                told = json.dumps(await self._answer(line), ensure_ascii=False)
                # A file's name may hold bytes that are no UTF-8; JSON spells them as \\udcXX.
                writer.write(told.encode(errors="backslashreplace") + b"\n")
                await asyncio.wait_for(writer.drain(), _DEADLINE_S)
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return await self._obey(json.loads(line))
        except (ValueError, RecursionError):
            return {"error": "an order is one JSON object on one line"}
        except LabError as error:
            return {"error": str(error)}


async def serve(control: socket.socket, obey: Obey) -> asyncio.Server:
    """Start to listen to orders."""
    return await asyncio.start_unix_server(Control(obey).converse, sock=control, limit=_MAX_LINE)


def ask(data: Path, do: str, what: str | None = None, **how: object) -> dict[str, Any]:
    """Give the city that runs in `data` an order, and return how it stands then.

    `how`: what the order needs besides, such as `loss=0.1` (`lab.orders`).

    Raises:
        LabError: no city runs there, or it refuses.
    """
    place = data if data.is_absolute() or str(data).startswith("..") else f"./{data}"
    gone = f"no city is running in {place}; start one by: edunet run --lab"
    order = json.dumps({"do": do, **({} if what is None else {"what": what}), **how})
    try:
        with (
            _short(data) as path,
            closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line,
        ):
            line.settimeout(_READING_S if do == "play" else _DEADLINE_S)
            line.connect(path)
            line.sendall(order.encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = answers.readline(_MAX_ANSWER)
    except TimeoutError:
        raise LabError(f"the city in {place} does not answer; end it and start it anew") from None
    except PermissionError:
        raise LabError(f"the city in {place} belongs to another user") from None
    except OSError:
        raise LabError(gone) from None
    try:
        told = json.loads(answer)
    except ValueError:
        raise LabError(gone) from None
    if "error" in told:
        raise LabError(str(told["error"]))
    return dict(told)
