"""Pushes to a remote write 1.0 receiver: Prometheus, VictoriaMetrics, Mimir, Thanos."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from collector.sinks import AwayError, Labels, Outlet, Refusal, RefusedError
from collector.sinks._http import Credentialed
from collector.sinks._posting import Posting
from collector.sinks._request import Requests, Rows
from collector.sinks._sieve import Sieve, merged
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
    durable = False

    def __init__(self, way: Posting, labels: Labels, ordered: bool) -> None:
        self.ordered = ordered
        self._way = way
        self._requests = Requests(labels)
        # Of a write that broke off: whose frames these are, and what is still to be sent.
        self._writing: Sequence[Frame] | None = None
        self._rows: tuple[Rows, ...] = ()
        self._left: deque[Rows] = deque()
        self._refusals: list[Refusal] = []
        self._again = False
        self._unnamed = 0
        self._late = 0

    @property
    def left_out(self) -> Mapping[str, int]:
        return {"unnamed": self._requests.unnamed, "late": self._late}

    @property
    def connections(self) -> int:
        return self._way.connections

    def relabel(self) -> None:
        self._requests.forget()

    def write(self, frames: Sequence[Frame]) -> None:
        if self._writing is not frames:
            self._requests.unnamed = self._unnamed
            self._rows = tuple(self._requests.rows(frames, MOST))
            self._writing = frames
            self._begin()
        elif not self.ordered:
            self._begin()
        # Else it goes on where it broke off: what was taken would be too old now.
        try:
            while self._left:
                self._deliver(self._left.popleft())
        except AwayError:
            # It may have died, and forgotten what it took of this write.
            self._left, self._again = deque(self._rows), True
            raise
        self._writing, self._rows, self._unnamed = None, (), self._requests.unnamed
        if self._refusals:
            refusals, self._refusals = self._refusals, []
            raise RefusedError(merged(refusals))

    def _begin(self) -> None:
        self._left, self._refusals, self._again = deque(self._rows), [], False

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
        refusal = sieve.refusal(lambda part: self._requests.text(rows.part(part)), "prom")
        if refusal is None or not refusal.body.strip():  # nothing, or ends of series alone
            return
        if refusal.late:
            self._late += sum(map(len, sieve.bad))
            if self._again:
                return  # it has forgotten nothing
        self._refusals.append(refusal)
