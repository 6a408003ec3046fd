"""Pushes to an InfluxDB v2 API: InfluxDB 2, InfluxDB 1.8, or VictoriaMetrics."""

from __future__ import annotations

import gzip
from typing import Annotated, Any

from pydantic import Field

from collector.sinks import AwayError, Labels, Outlet
from collector.sinks._answers import meaning
from collector.sinks._http import HttpSink, held
from collector.sinks._lined import Lined
from collector.sinks._lines import MOST_LINES
from edunet.errors import DeliveryError
from edunet.inventory.secret import Secret


class Influx(HttpSink):
    """`org` and `bucket` are not looked at by VictoriaMetrics."""

    org: Annotated[str, Field(min_length=1)] = "edunet"
    bucket: Annotated[str, Field(min_length=1)] = "edunet"
    token: Secret | None = None

    def open(self, labels: Labels) -> Outlet:
        return Lined(labels, _Api(self), MOST_LINES)


class _Api:
    """The official client, for the way only: it is given bytes that are written already."""

    def __init__(self, settings: Influx) -> None:
        # 0.3 s and 20 MB: only for those who push.
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS
        from urllib3 import Retry

        settings.trust()  # the client would complain at the first write only
        token = held("token", settings.token) if settings.token else ""
        said = settings.said()
        self.connections = 0
        self._settings = settings
        self._secrets = [token, *said.values()]
        # A redirect would turn the POST into a GET of some login page, whose 200 is no delivery.
        client: Any = InfluxDBClient(
            settings.url,
            token=token,
            org=settings.org,
            timeout=int(settings.timeout * 1000),
            ssl_ca_cert=settings.ca,
            proxy=settings.proxy,
            retries=Retry(0, redirect=False, raise_on_redirect=False),
        )
        # Compressed here at level 1: the client's own gzip takes level 9, at many times the CPU.
        for name, value in {**said, "Content-Encoding": "gzip"}.items():
            client.api_client.set_default_header(name, value)
        self._client = client
        self._count_connections()
        self._api: Any = client.write_api(write_options=SYNCHRONOUS)

    def post(self, body: bytes) -> None:
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        bucket, org, url = self._settings.bucket, self._settings.org, self._settings.url
        try:
            self._api.write(bucket, org, gzip.compress(body, 1, mtime=0), write_precision="ms")
            status = self._client.api_client.last_response.status
        except ApiException as error:
            words = str(error.body or error.reason or "")
            status = int(error.status or 0)
            raise meaning(url, status, words, error.headers or {}, self._secrets) from None
        except UnicodeDecodeError:
            raise DeliveryError(f"{url} answered in no known encoding") from None
        except (HTTPError, OSError) as error:
            cause = getattr(error, "reason", None) or error
            refused = isinstance(cause.__cause__, ConnectionRefusedError)
            raise AwayError(f"{url}: {_plain(cause)}", refused=refused) from None
        if status != 204:
            raise DeliveryError(f"{url} answered {status} where a write is 204")

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


def _plain(cause: object) -> str:
    """What went wrong, without the object addresses urllib3 prints."""
    return str(cause).rpartition(" object at 0x")[2].partition(">: ")[2] or str(cause)
