"""A sink at work that speaks line protocol, whichever way its bodies travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from collector.sinks import Labels, Refusal, RefusedError
from collector.sinks._lines import Lines
from collector.sinks._sieve import sifted
from edunet.errors import DeliveryError
from edunet.frame import Frame


class Post(Protocol):
    """How a body gets there."""

    @property
    def connections(self) -> int: ...

    def post(self, body: bytes) -> None:
        """Deliver lines, compressed or not as the way demands.

        Raises:
            DeliveryError: they were not taken.
        """

    def close(self) -> None: ...


class Lined:
    """Writes bodies of at most `most` lines; lines that are refused for good cost only themselves.

    These servers take any order, and overwrite what comes twice.
    """

    ordered = False
    durable = False

    def __init__(self, labels: Labels, way: Post, most: int) -> None:
        self._lines = Lines(labels)
        self._way = way
        self._most = most

    @property
    def left_out(self) -> Mapping[str, int]:
        return {"oversized": self._lines.oversized, "unnamed": self._lines.unnamed}

    @property
    def connections(self) -> int:
        return self._way.connections

    def relabel(self) -> None:
        self._lines.forget()

    def write(self, frames: Sequence[Frame]) -> None:
        before = self.left_out
        refusals: list[Refusal] = []
        try:
            for body in self._lines.bodies(frames, self._most):
                refusals += self._delivered(body)
        except DeliveryError:
            self._lines.oversized = before["oversized"]  # all of it will come again
            self._lines.unnamed = before["unnamed"]
            raise
        if refusals:
            raise RefusedError(refusals)

    def close(self) -> None:
        self._way.close()

    def _delivered(self, body: bytes) -> list[Refusal]:
        try:
            self._way.post(body)
        except DeliveryError as error:
            if not error.permanent:
                raise
            refusal = sifted(body.split(b"\n"), str(error), self._way.post)
            return [refusal] if refusal else []
        return []
