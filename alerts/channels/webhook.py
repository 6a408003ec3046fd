"""A JSON POST to an address of yours: the channel everything else can be built on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from alerts.channels import Channel, HttpUrl
from edunet.errors import DeliveryError
from edunet.inventory.secret import Secret

_NEVER = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
_LONGEST_WAIT_S = 3600.0


class Webhook(Channel):
    """2xx is delivered; what is refused for good is given up, everything else is tried again."""

    url: HttpUrl
    headers: Mapping[str, Secret] = {}

    def ready(self) -> None:
        for secret in self.headers.values():
            secret.open()

    def send(self, body: Mapping[str, Any], key: str, http: httpx.Client) -> None:
        headers = {name: secret.open() for name, secret in self.headers.items()}
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            response = http.post(self.url, content=orjson.dumps(body), headers=headers)
        except httpx.HTTPError as error:
            # the address may hold a key, and httpx puts it into its messages
            raise DeliveryError(f"webhook: {type(error).__name__}") from None
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
