"""Pushes to a remote write 1.0 receiver: Prometheus, VictoriaMetrics, Mimir, Thanos."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from collector.sinks import Labels, Outlet, Refusal, RefusedError
from collector.sinks._http import Credentialed
from collector.sinks._posting import Posting
from collector.sinks._request import Requests, Rows
from collector.sinks._sieve import Sieve
from edunet.errors import DeliveryError
from edunet.frame import Frame

MOST: Final = 10_000  # samples of a body: some 1.5 MB, a tenth of that on the way
HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class RemoteWrite(Credentialed):
    """`url` is the whole address of the receiver, `http://tsdb.example:9090/api/v1/write`.

    `ordered: false` is for receivers that take samples in any order (VictoriaMetrics does, and
    Prometheus within its out_of_order_time_window): after an outage what is new comes first.
    """

    ordered: bool = True

    def open(self, labels: Labels) -> Outlet:
        return _Writing(Posting(self, "", {}, HEADERS, (200, 202, 204)), labels, self.ordered)


class _Writing:
    def __init__(self, way: Posting, labels: Labels, ordered: bool) -> None:
        self.ordered = ordered
        self._way = way
        self._requests = Requests(labels)
        # Of a write that broke off: whose frames these are, and what is still to be sent.
        self._writing: Sequence[Frame] | None = None
        self._left: deque[Rows] = deque()
        self._refusals: list[Refusal] = []
        self._unnamed = 0

    @property
    def left_out(self) -> Mapping[str, int]:
        return {"unnamed": self._requests.unnamed}

    @property
    def connections(self) -> int:
        return self._way.connections

    def relabel(self) -> None:
        self._requests.forget()

    def write(self, frames: Sequence[Frame]) -> None:
        # Where order matters, what was taken of a broken write must not be sent again. Elsewhere it
        # must: the server may have broken off because it died, and forgot.
        if not (self.ordered and self._writing is frames):
            self._writing, self._refusals = frames, []
            self._requests.unnamed = self._unnamed  # of a write that broke off: counted again
            self._left = deque(self._requests.rows(frames, MOST))
        while self._left:
            self._deliver(self._left.popleft())
        self._writing, self._unnamed = None, self._requests.unnamed
        if self._refusals:
            refusals, self._refusals = self._refusals, []
            raise RefusedError(refusals)

    def close(self) -> None:
        self._way.close()

    def _deliver(self, rows: Rows) -> None:
        try:
            self._way.post(self._requests.body(rows))
        except DeliveryError as error:
            if not error.permanent:
                self._left.appendleft(rows)
                raise
            if halves := self._requests.halves(rows):
                # Prometheus refuses a whole body for one sample older than what it has. The older
                # half goes first, or it would become too old by the newer one.
                self._left.extendleft(reversed(halves))
            else:
                self._sift(rows, str(error))

    def _sift(self, rows: Rows, words: str) -> None:
        sieve = Sieve(lambda part: self._way.post(self._requests.body(rows.part(part))))
        try:
            sieve.divide(range(len(rows.keys)), words)
        except DeliveryError:
            self._left.appendleft(rows)
            raise
        if refusal := sieve.refusal(lambda part: self._requests.text(rows.part(part)), "prom"):
            self._refusals.append(refusal)
