"""An inventory read in a process of its own, which may be slow, large or killed without harm.

The child hands back lines of JSON: first what it read and doubted, or why it refuses; then the
frames of `compiled`; last how many they were.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from edunet.errors import ConfigError
from edunet.inventory.check import judge
from edunet.inventory.compiled import frames, restore
from edunet.inventory.include import gather
from edunet.inventory.model import Inventory

DEADLINE_S: Final = 120.0
MEMORY: Final = 2**30
_ROOT: Final = str(Path(__file__).parents[2])
_LEAST: Final = "edunet check says more, and has no such limit"


class Compiled(NamedTuple):
    """An inventory as frames, the files it was read from, and what is doubtful in them.

    `files` are pairs of a name and the sha256 of the bytes that were read. Each frame is a line.
    """

    files: list[list[str]]
    warnings: list[str]
    frames: list[bytes]


def load_in_child(
    path: Path,
    *,
    strict: bool = False,
    replay: bool = False,
    deadline_s: float = DEADLINE_S,
    memory: int = MEMORY,
) -> Inventory:
    """The inventory at `path`, read by a child. With `strict` a warning is an error.

    The child gets `deadline_s` seconds and `memory` bytes of address space.

    Raises:
        ConfigError: with every finding, one per line; or the child has come to a bad end.
    """
    compiled = compile_in_child(path, replay=replay, deadline_s=deadline_s, memory=memory)
    if strict and compiled.warnings:
        raise ConfigError("\n".join(compiled.warnings))
    return restore(compiled.frames)


def compile_in_child(
    path: Path,
    *,
    replay: bool = False,
    deadline_s: float = DEADLINE_S,
    memory: int = MEMORY,
) -> Compiled:
    """What a child makes of the inventory at `path`.

    Raises:
        ConfigError: as `load_in_child`.
    """
    order = [str(path), "replay" if replay else "run", str(memory), str(int(deadline_s) + 2)]
    code = "from edunet.inventory.child import main; main()"
    inherited = [_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *order],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(inherited)},
    )
    with child, _ended_after(deadline_s, child) as late:
        lines = list(child.stdout or ())
        child.wait()
    if late.is_set():
        raise ConfigError(
            f"reading {path} took longer than {deadline_s:g} s and was ended; {_LEAST}"
        )
    return _understood(path, lines, child.returncode)


@contextmanager
def _ended_after(seconds: float, child: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """Ends the child when this is left, or after so many seconds: then the event is set."""
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()
        child.kill()


def _understood(path: Path, lines: list[bytes], code: int) -> Compiled:
    """What the lines of a child say.

    Raises:
        ConfigError: the child refuses the inventory, or has not said everything.
    """
    head: Any = orjson.loads(lines[0]) if lines and lines[0].endswith(b"\n") else {}
    if "error" in head:
        raise ConfigError(head["error"])
    body = lines[1:-1]
    if code or len(lines) < 2 or lines[-1] != b"%d\n" % len(body):
        raise ConfigError(f"reading {path} came to a bad end: {_end(code)}; {_LEAST}")
    return Compiled(head["files"], head["warnings"], body)


def _end(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        why = ", likely for want of memory" if name in {"SIGKILL", "SIGABRT", "SIGSEGV"} else ""
        return f"ended by {name}{why}"
    return f"exit code {code}" if code else "it stopped in the middle"


def main() -> None:
    """What the child does: PATH run|replay MEMORY CPU_SECONDS."""
    path, mode, memory, seconds = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Who started us may be gone and cannot end us: then this does.
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    gc.disable()  # nearly everything that is made is kept, and we end soon
    try:
        _answer(Path(path), replay=mode == "replay")
    except ConfigError as error:
        _say({"error": str(error)})
    except MemoryError:
        text = f"reading {path} needs more than {int(memory) >> 20} MB of memory; {_LEAST}"
        _say({"error": text})


def _answer(path: Path, *, replay: bool) -> None:
    documents = gather(path)
    files = [[document.file, document.sha256] for document in documents]
    inventory, findings = judge(*documents, replay=replay)
    del documents
    if inventory is None:
        raise ConfigError("\n".join(map(str, findings)))
    _say({"files": files, "warnings": [str(finding) for finding in findings]})
    count = 0
    for frame in frames(inventory):
        sys.stdout.buffer.write(frame + b"\n")
        count += 1
    sys.stdout.buffer.write(b"%d\n" % count)
    sys.stdout.buffer.flush()


def _say(head: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(head) + b"\n")
    sys.stdout.buffer.flush()
