"""The city as a child process: its plan comes by standard input, and so does the end of it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from edunet.clock import SystemClock
from edunet.errors import EdunetError
from edunet.inventory.model import Inventory
from lab.play import Play


async def _main(plan: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    os.set_blocking(sys.stdin.fileno(), False)

    def parent_gone() -> None:
        try:
            gone = not os.read(sys.stdin.fileno(), 1024)
        except BlockingIOError:
            return
        if gone:
            loop.remove_reader(sys.stdin)
            stop.set()

    loop.add_reader(sys.stdin, parent_gone)
    # A million ports come to stay: to look through them for garbage takes longer than to make them.
    gc.disable()
    inventory = Inventory.model_validate(plan["inventory"])
    play = Play(inventory, plan["communities"], Path(plan["data"]), SystemClock())
    del plan, inventory
    gc.freeze()
    gc.enable()
    await play.run(stop, lambda play: _tell(play.status()))


def _tell(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False), flush=True)  # noqa: T201 (the parent reads it)


if __name__ == "__main__":
    try:
        asyncio.run(_main(json.loads(sys.stdin.readline())))
    except EdunetError as error:
        _tell({"error": str(error)})
        sys.exit(1)
