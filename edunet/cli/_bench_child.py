"""Work in a process of its own: its memory and its CPU are nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, NamedTuple

from edunet.cli._bench_machine import cpu_s, peak_mb
from edunet.errors import EdunetError


class _Failed(NamedTuple):
    why: str


class Child:
    """Runs `work(pipe, *args)`; what is asked and told travels by that pipe.

    It is spawned, not forked: a fork would begin with all the memory of its parent. It ends with
    `close`, at the end of `with`, and when this process dies, for then its pipe does.
    """

    def __init__(self, name: str, work: Callable[..., None], *args: object) -> None:
        context = get_context("spawn")
        self._name = name
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, work, args), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    @property
    def peak_mb(self) -> float:
        return peak_mb(self.pid)

    def ask(self, word: object) -> Any:
        """Say something and take the answer.

        Raises:
            EdunetError: the work failed; in its own words.
        """
        try:
            self._pipe.send(word)
        except OSError:
            raise EdunetError(f"{self._name} ended before its time") from None
        return self.take()

    def take(self) -> Any:
        """The next that it tells.

        Raises:
            EdunetError: the work failed; in its own words.
        """
        try:
            told = self._pipe.recv()
        except (EOFError, OSError):
            raise EdunetError(f"{self._name} ended before its time") from None
        if isinstance(told, _Failed):
            raise EdunetError(f"{self._name}: {told.why}")
        return told

    def close(self) -> None:
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _run(pipe: Connection, work: Callable[..., None], args: tuple[object, ...]) -> None:
    try:
        with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):  # the bench has ended
            work(pipe, *args)
    except Exception as error:  # noqa: BLE001 (told to the bench, which says it)
        with suppress(OSError):
            pipe.send(_Failed(f"{type(error).__name__}: {error}"))
