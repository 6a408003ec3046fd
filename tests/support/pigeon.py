"""A channel to a list, which can be ill or shut, and what tests say to its outbox."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import httpx
from daemons import until
from notices import rows
from pydantic import PrivateAttr

from alerts.alert import Notice
from alerts.channels import Channel
from alerts.outbox import Outbox
from edunet.books import Books
from edunet.errors import DeliveryError


class Pigeon(Channel):
    """Carries letters to a list, or refuses them for as long as it is told to."""

    _came: list[str] = PrivateAttr(default_factory=list)
    _tried: list[str] = PrivateAttr(default_factory=list)
    _fail: list[Exception] = PrivateAttr(default_factory=list)
    _ill: Exception | None = PrivateAttr(default=None)
    _gate: threading.Event = PrivateAttr(default_factory=threading.Event)

    def send(self, body: Mapping[str, Any], key: str, http: httpx.Client) -> None:
        self._tried.append(key)
        if not self._gate.wait(10):
            raise DeliveryError("nobody opened the gate")
        if self._fail:
            raise self._fail.pop(0)
        if self._ill:
            raise self._ill
        self._came.append(key)


def put(box: Outbox, *told: Notice) -> None:
    box.accept([n.alert for n in told], told).result(10)


def states(books: Books) -> dict[str, str]:
    return {key: state for key, state, _, _ in rows(books)}


def settled(box: Outbox) -> None:
    until(lambda: box.pending() == 0, "an empty outbox")
