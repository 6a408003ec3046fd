"""Pushes to an InfluxDB v2 API: InfluxDB 2, InfluxDB 1.8, or VictoriaMetrics."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

from pydantic import Field

from collector.sinks import (
    AwayError,
    Labels,
    Outlet,
    Refusal,
    RefusedError,
    Sink,
    UnwelcomeError,
    Url,
)
from collector.sinks._lines import MOST_LINES, Lines
from edunet.errors import DeliveryError
from edunet.frame import Frame
from edunet.inventory.secret import Secret
from edunet.units import Duration

WORDS: Final = 500  # of a server's answer, so much is kept
UNWELCOME: Final = {401, 403, 404}
AGAIN: Final = {408, 429}


class Influx(Sink):
    """`org` and `bucket` are not looked at by VictoriaMetrics."""

    url: Url
    org: Annotated[str, Field(min_length=1)] = "edunet"
    bucket: Annotated[str, Field(min_length=1)] = "edunet"
    token: Secret | None = None
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 10.0
    ca: str | None = None  # PEM file of the authority that signed the server's certificate

    def open(self, labels: Labels) -> Outlet:
        token = self.token.open() if self.token else ""
        return _Writing(self, token, labels)


class _Writing:
    def __init__(self, settings: Influx, token: str, labels: Labels) -> None:
        # 0.3 s and 20 MB: only for those who push.
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS
        from urllib3 import Retry

        self.connections = 0
        self._settings = settings
        self._token = token
        self._lines = Lines(labels)
        # A redirect would turn the POST into a GET of some login page, whose 200 is no delivery.
        client: Any = InfluxDBClient(
            settings.url,
            token=token,
            org=settings.org,
            timeout=int(settings.timeout * 1000),
            ssl_ca_cert=settings.ca,
            retries=Retry(0, redirect=False, raise_on_redirect=False),
        )
        # Compressed here at level 1: the client's own gzip takes level 9, at many times the CPU.
        client.api_client.set_default_header("Content-Encoding", "gzip")
        self._client = client
        self._count_connections()
        self._api: Any = client.write_api(write_options=SYNCHRONOUS)

    @property
    def left_out(self) -> Mapping[str, int]:
        return {"oversized": self._lines.oversized, "unnamed": self._lines.unnamed}

    def relabel(self) -> None:
        self._lines.forget()

    def write(self, frames: Sequence[Frame]) -> None:
        refusals: list[Refusal] = []
        before = self.left_out
        for body in self._lines.bodies(frames, MOST_LINES):
            try:
                self._post(body)
            except DeliveryError as error:
                if not error.permanent:
                    self._lines.oversized = before["oversized"]  # all of it will come again
                    self._lines.unnamed = before["unnamed"]
                    raise
                refusals.append(Refusal(body, str(error)))
        if refusals:
            raise RefusedError(refusals)

    def close(self) -> None:
        self._api.close()
        self._client.close()

    def _count_connections(self) -> None:
        """urllib3 replaces a connection that was closed without a word; we want to know."""
        pools = self._client.api_client.rest_client.pool_manager
        pool = pools.connection_from_url(self._settings.url)
        outlet, plain = self, pool.ConnectionCls

        class Counted(plain):  # type: ignore[misc, valid-type] # HTTP or HTTPS, by the URL
            def connect(self) -> None:
                outlet.connections += 1
                super().connect()

        pool.ConnectionCls = Counted

    def _post(self, body: bytes) -> None:
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        bucket, org, url = self._settings.bucket, self._settings.org, self._settings.url
        try:
            self._api.write(bucket, org, gzip.compress(body, 1, mtime=0), write_precision="ms")
            status = self._client.api_client.last_response.status
        except ApiException as error:
            raise self._answered(error) from None
        except UnicodeDecodeError:
            raise DeliveryError(f"{url} answered in no known encoding") from None
        except (HTTPError, OSError) as error:
            cause = getattr(error, "reason", None) or error
            refused = isinstance(cause.__cause__, ConnectionRefusedError)
            raise AwayError(f"{url}: {_plain(cause)}", refused=refused) from None
        if status != 204:
            raise DeliveryError(f"{url} answered {status} where a write is 204")

    def _answered(self, error: Any) -> DeliveryError:
        """What a refusing answer means."""
        status = int(error.status or 0)
        words = " ".join(str(error.body or error.reason or "").split())[:WORDS]
        if self._token:
            words = words.replace(self._token, "***")
        text = f"{self._settings.url} answered {status or 'nothing'}: {words}"
        headers = error.headers or {}
        retry_after = seconds(headers.get("Retry-After"), headers.get("Date"))
        if status in UNWELCOME:
            return UnwelcomeError(text, retry_after=retry_after)
        permanent = 400 <= status < 500 and status not in AGAIN
        return DeliveryError(text, retry_after=retry_after, permanent=permanent)


def _plain(cause: object) -> str:
    """What went wrong, without the object addresses urllib3 prints."""
    return str(cause).rpartition(" object at 0x")[2].partition(">: ")[2] or str(cause)


def seconds(retry_after: str | None, date: str | None = None) -> float | None:
    """The seconds of a Retry-After header: a number, or a date counted from the server's own."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(int(retry_after)))
    except ValueError:
        pass
    try:
        delta = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date or "")
        return max(0.0, delta.total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
