"""A JSON POST to an address of yours: the channel everything else can be built on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import orjson
from pydantic import Field

from alerts.channels import Channel, HttpUrl
from edunet.errors import ConfigError, DeliveryError
from edunet.inventory.secret import Secret

_NEVER = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
_LONGEST_WAIT_S = 3600.0
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


class Webhook(Channel):
    """2xx is delivered; what is refused for good is given up, everything else is tried again."""

    url: Annotated[HttpUrl, Field(repr=False)]  # many receivers put a key into it
    headers: Mapping[str, Secret] = {}

    def ready(self) -> None:
        for name, secret in self.headers.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(secret.open()):
                raise ConfigError(
                    f"headers: {name[:40]!r} or its value cannot be sent; write printable ASCII"
                )

    def send(self, body: Mapping[str, Any], key: str, http: httpx.Client) -> None:
        headers = {name: secret.open() for name, secret in self.headers.items()}
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            # whatever it says beside the status, and however much of it, is not read
            with http.stream(
                "POST", self.url, content=orjson.dumps(body), headers=headers
            ) as response:
                self._judge(response)
        except httpx.HTTPError as error:
            # the address may hold a key, and httpx puts it into its messages
            raise DeliveryError(f"webhook: {type(error).__name__}") from None

    @staticmethod
    def _judge(response: httpx.Response) -> None:
        if not response.is_success:
            raise DeliveryError(
                f"webhook answered {response.status_code}",
                retry_after=_seconds(response.headers.get("Retry-After")),
                permanent=response.status_code in _NEVER,
            )


def _seconds(retry_after: str | None) -> float | None:
    """The delay of a Retry-After header in its seconds form (RFC 9110 10.2.3), bounded."""
    if retry_after is None or not retry_after.isdecimal():
        return None
    return min(float(retry_after[:9]), _LONGEST_WAIT_S)
