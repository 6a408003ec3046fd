"""What does a device tell over SSH: version, model, uptime and the state of its interfaces?"""

from __future__ import annotations

import time
from typing import NamedTuple

from collector.hostkeys import HostKeys
from collector.probes._ssh import say, session
from collector.profiles import Profile
from collector.profiles import reading as read
from edunet.errors import ProbeError
from edunet.inventory.model import Device, Ssh


class Answers(NamedTuple):
    """What a device said; None and absent mean that it did not say.

    `uptime_s` in seconds; `interfaces` from name to up, down, testing, unknown, dormant,
    not_present or lower_layer_down.
    """

    version: str | None
    model: str | None
    uptime_s: float | None
    interfaces: dict[str, str]


def ask(
    device: Device, login: Ssh, profile: Profile, hostkeys: HostKeys, *, timeout: float
) -> Answers:
    """Log in, send the profile's commands and nothing else, read the answers, leave.

    Blocks for at most about `timeout` seconds in all: meant for a thread of a pool.

    Raises:
        AuthError: it refused us, or shows another host key than before (then nothing was sent).
        ProbeError: not answering, not in time, or not in a way the profile can read.
    """
    if device.address is None or profile.ssh is None:
        lacks = "address" if device.address is None else "profile with an ssh section"
        raise ProbeError(f"{device.id} has no {lacks}; add one to ask it by ssh")
    said: dict[str, str] = {}
    deadline = time.monotonic() + timeout
    with session(device, login, profile, hostkeys, deadline) as device_cli:
        for question, command in profile.ssh.commands.items():
            said[question] = say(device_cli, command, deadline)
    return _understood(device, profile, said)


def _understood(device: Device, profile: Profile, said: dict[str, str]) -> Answers:
    facts = read.facts(profile, "version", said.get("version", ""))
    since = read.facts(profile, "uptime", said.get("uptime", ""))
    answers = Answers(
        version=facts.get("version"),
        model=facts.get("model"),
        uptime_s=read.uptime(since or facts),
        interfaces=read.interfaces(profile, said.get("interfaces", "")),
    )
    nothing = answers == Answers(None, None, None, {})
    if nothing or ("interfaces" in said and not answers.interfaces):
        raise ProbeError(f"{device.id} answers by ssh, but not as profile {profile.name} reads it")
    return answers
