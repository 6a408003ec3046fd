"""Asking one device by SSH in a test: the device, the login, and a failure held to its bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cli_answers
import pytest
from daemons import until
from ssh_actor import PASSWORD, Part

from collector.hostkeys import HostKeys
from collector.probes.ssh import ask
from collector.profiles import Profile, load
from edunet.errors import ProbeError
from edunet.inventory.model import Device, Ssh

HUAWEI = Part(prompt="<SW-1>", answers=cli_answers.HUAWEI)
LOGIN = Ssh.model_validate({"username": "netops", "password": "${EDUNET_TEST_SSH}"})


@contextmanager
def password_set_and_threads_ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The login's password is where it refers to; every thread of the session ends by itself."""
    monkeypatch.setenv("EDUNET_TEST_SSH", PASSWORD)
    before = set(threading.enumerate())
    yield
    until(lambda: set(threading.enumerate()) <= before, "every thread of the session to end", 5)


def device(port: int) -> Device:
    return Device.model_validate(
        {"id": "sw-1", "site": "s1", "address": "127.0.0.1", "ssh": "ops", "ssh_port": port}
    )


def refused(
    port: int, hostkeys: HostKeys, profile: Profile | None = None, *, timeout: float = 10
) -> ProbeError:
    """The error of a conversation that has to fail, within its time and without the password."""
    began = time.monotonic()
    with pytest.raises(ProbeError) as caught:
        ask(device(port), LOGIN, profile or load("huawei_vrp"), hostkeys, timeout=timeout)
    assert time.monotonic() - began < timeout + 5
    error: ProbeError = caught.value
    assert "sw-1" in str(error)
    assert PASSWORD not in f"{error} {error!r}"
    return error
