"""Pushes to InfluxDB 1.x by its own `/write`, or to whatever else takes it."""

from __future__ import annotations

import gzip
from typing import Annotated, Final

from pydantic import Field

from collector.sinks import Labels, Outlet
from collector.sinks._http import Credentialed
from collector.sinks._lined import Lined
from collector.sinks._posting import Posting

MOST_LINES: Final = 5000  # what InfluxDB 1.x recommends for one body


class Influx1(Credentialed):
    """Without a `retention_policy` the database's own default is written to."""

    database: Annotated[str, Field(min_length=1)]
    retention_policy: Annotated[str, Field(min_length=1)] | None = None

    def open(self, labels: Labels) -> Outlet:
        params = {"db": self.database, "precision": "ms"}
        if self.retention_policy:
            params["rp"] = self.retention_policy
        return Lined(labels, _Gzipped(self, params), MOST_LINES)


class _Gzipped(Posting):
    def __init__(self, settings: Influx1, params: dict[str, str]) -> None:
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        super().__init__(settings, "/write", params, headers)

    def post(self, body: bytes) -> None:
        super().post(gzip.compress(body, 1, mtime=0))
