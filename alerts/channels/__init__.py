"""How a person or a system is told: one channel, one file, found by its name.

A channel is a frozen `Channel` named after its file: `webhook.py` holds `Webhook`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from edunet.errors import ConfigError
from edunet.model import Model
from edunet.plugins import build


class Channel(Model, ABC):
    """The settings of one channel; subclasses add fields and `send`."""

    def ready(self) -> None:
        """Open what the channel needs to know.

        Raises:
            ConfigError: a secret cannot be opened.
        """

    @abstractmethod
    def send(self, body: Mapping[str, Any], key: str, http: httpx.Client) -> None:
        """Deliver one message; the same key is the same message, sent again after a doubt.

        Raises:
            DeliveryError: it was not taken; names no secret.
        """


def _http_url(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL("")
    if parts.scheme not in ("http", "https") or not parts.host:
        raise PydanticCustomError("url", "not an http(s) address; write http://host:port/path")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]


def channel(name: str, settings: Mapping[str, Any]) -> Channel:
    """The channel `name` of `edunet.yaml`, ready to send.

    Raises:
        ConfigError: no such kind, settings it does not have, or a secret that cannot be opened.
    """
    made = build(__name__, Channel, f"channels.{name}", settings)  # type: ignore[type-abstract]
    try:
        made.ready()
    except ConfigError as error:
        raise ConfigError(f"channels.{name}: {error}") from None
    return made
