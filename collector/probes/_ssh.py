"""How do we log in to a device so that only listed lines can leave, and in bounded time?"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import StringIO
from typing import Any, Final, NamedTuple

from collector.hostkeys import HostKey, HostKeys, host
from collector.probes._wire import BoundedSocket
from collector.profiles import Profile
from edunet.errors import AuthError, ConfigError, ProbeError
from edunet.inventory.model import Device, Ssh

# Nobody is known before the login, and a handshake is a few kilobytes.
HANDSHAKE_BYTES: Final = 64 * 1024
SESSION_BYTES: Final = 2 * 1024 * 1024
_WIRE_LOG: Final = "collector.probes.ssh.wire"


class _ForbiddenError(Exception):
    """The driver wanted to send what the profile does not list."""


@contextmanager
def session(
    device: Device, login: Ssh, profile: Profile, hostkeys: HostKeys, deadline: float
) -> Iterator[Any]:
    """A logged-in netmiko session whose every write is held against the allow-list."""
    address, port = str(device.address), device.ssh_port
    secret = _secret(device, login)
    known = hostkeys.known(address, port)
    try:
        wire = BoundedSocket.connect_to(address, port, deadline=deadline, budget=HANDSHAKE_BYTES)
    except OSError as error:
        why = error.strerror or "no answer in time"
        where = host(address, port)
        raise ProbeError(f"{device.id} does not answer by ssh at {where}: {why.lower()}") from None
    cli = None
    try:
        cli = _driver(device, profile, wire, {"username": login.username, **secret})
        cli._get_ssh_client_instance = lambda: _client(address, port, known)
        cli.key_policy = _FirstUse(hostkeys, address, port)
        _hold_to_the_list(cli, profile, wire)
        cli._open()
        yield cli
    except Exception as error:  # noqa: BLE001 - whatever hostile input makes the libraries raise
        raise _explained(device, profile, hostkeys, wire, error) from None
    finally:
        if cli is not None:
            cli.disconnect()
        wire.close()


def say(cli: Any, command: str, deadline: float) -> str:
    """What the device answers to one listed command, without echo and prompt."""
    cli.read_timeout_override = left(deadline)
    # The prompt at a line's beginning: its name alone may stand in any description. Firewalls in a
    # pair put HRP_M or the like before it, and Cisco's driver keeps but part of a long name.
    name = re.escape(cli.base_prompt.strip("<[>]#$"))
    prompt = rf"\n[A-Z_]{{0,6}}[<\[]?{name}[^\n]{{0,64}}[>\]#$]" if name else r"\n[<\[]?[>\]#$] *$"
    return str(cli.send_command(command, expect_string=prompt))


def _driver(device: Device, profile: Profile, wire: BoundedSocket, login: dict[str, Any]) -> Any:
    import netmiko

    assert profile.ssh is not None  # noqa: S101 - `ask` has looked
    if profile.ssh.netmiko not in netmiko.platforms:
        raise ProbeError(f"profile {profile.name}: netmiko has no driver {profile.ssh.netmiko!r}")
    limit = left(wire.deadline)
    waits = ("conn_timeout", "auth_timeout", "banner_timeout", "blocking_timeout")
    return netmiko.ConnectHandler(
        device_type=profile.ssh.netmiko,
        host=str(device.address),
        port=device.ssh_port,
        sock=wire,
        use_keys=False,
        allow_agent=False,
        auto_connect=False,
        read_timeout_override=limit,
        # Wait for each command's echo, else a prompt still under way passes for its answer.
        global_cmd_verify=True,
        **dict.fromkeys(waits, limit),
        **login,
    )


def _hold_to_the_list(cli: Any, profile: Profile, wire: BoundedSocket) -> None:
    """Let only listed lines out, notice at once when the other side is gone, leave silently."""
    assert profile.ssh is not None  # noqa: S101 - `ask` has looked
    allowed = profile.ssh.allowed
    write, hear, logged_in = (
        cli.write_channel, cli.read_channel, cli.special_login_handler,
    )  # fmt: skip

    def write_channel(out_data: str) -> None:
        line = out_data.strip("\r\n")
        if line and line not in allowed:
            raise _ForbiddenError
        write(out_data)

    def read_channel() -> str:
        said: str = hear()
        if not said and (wire.spent or cli.remote_conn is None or cli.remote_conn.closed):
            raise EOFError
        return said

    def special_login_handler(*args: Any, **named: Any) -> None:
        wire.budget = SESSION_BYTES
        logged_in(*args, **named)

    cli.write_channel = write_channel
    cli.read_channel = read_channel
    cli.special_login_handler = special_login_handler
    cli.cleanup = lambda command="": None


def _client(address: str, port: int, known: Iterable[HostKey]) -> Any:
    """A paramiko client that knows this device's recorded keys, and prefers their kinds."""
    import paramiko  # type: ignore[import-untyped]

    client = paramiko.SSHClient()
    # What a stranger makes the library say about him is no news for our log.
    logging.getLogger(_WIRE_LOG).setLevel(logging.CRITICAL + 1)
    client.set_log_channel(_WIRE_LOG)
    client.connect = partial(client.connect, transport_factory=_transport)
    for key in known:
        with suppress(paramiko.SSHException, paramiko.pkey.UnknownKeyType, ValueError):
            public = paramiko.PKey.from_type_string(key.kind, key.blob)
            client.get_host_keys().add(host(address, port), key.kind, public)
    return client


def _transport(wire: BoundedSocket, **options: Any) -> Any:
    import paramiko

    transport = paramiko.Transport(wire, **options)
    transport.channel_timeout = left(wire.deadline)
    # A timer of its own for the handshake would live on for seconds after each failed one.
    transport.packetizer.start_handshake = lambda timeout: None
    return transport


class _FirstUse(NamedTuple):
    """Paramiko's policy for a host without a recorded key that it understands."""

    hostkeys: HostKeys
    address: str
    port: int

    def missing_host_key(self, _client: Any, _name: str, key: Any) -> None:
        self.hostkeys.record(self.address, self.port, key.get_name(), key.asbytes())


def _secret(device: Device, login: Ssh) -> dict[str, Any]:
    """The login's password or private key, opened for this one conversation."""
    import paramiko

    reference = login.password or login.key
    assert reference is not None  # noqa: S101 - the model has looked
    try:
        text = reference.open()
    except ConfigError as error:
        raise ProbeError(f"{device.id} was not asked by ssh: {error}") from None
    if login.password:
        return {"password": text}
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return {"pkey": kind.from_private_key(StringIO(text + "\n"))}
        except paramiko.PasswordRequiredException:
            wrong = "is locked by a passphrase; give one without"
            break
        except (paramiko.SSHException, ValueError, TypeError, IndexError):
            wrong = "is no private key we can read; give an OpenSSH one (ed25519, ecdsa or rsa)"
    raise ProbeError(f"{device.id} was not asked by ssh: the key at {reference.place} {wrong}")


def _explained(
    device: Device, profile: Profile, hostkeys: HostKeys, wire: BoundedSocket, error: Exception
) -> ProbeError:
    """The same failure in our words; a library's may quote what the device sent, or we."""
    import paramiko

    causes = list(_causes(error))
    ours = [cause for cause in causes if isinstance(cause, ProbeError)]
    # Paramiko calls a connection lost in the middle of the login a failed login as well.
    lost = any("EOF" in str(cause) for cause in causes)

    def is_(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if ours:
        return ours[0]
    if is_(paramiko.BadHostKeyException):
        return AuthError(f"{device.id}: {hostkeys.refusal(str(device.address), device.ssh_port)}")
    if is_(paramiko.AuthenticationException) and not (wire.spent or lost):
        which = f"credentials.ssh.{device.ssh}" if device.ssh else "its ssh credentials"
        return AuthError(f"{device.id} refuses our ssh login; check {which}")
    if is_(_ForbiddenError):
        why = f"wants something sent that profile {profile.name} does not list; log in and look"
    elif wire.spent:
        why = f"{wire.spent} by ssh"
    elif is_(paramiko.IncompatiblePeer):
        why = "offers no ssh algorithm that is still safe; update its software"
    else:
        why = "hung up, or does not speak ssh as we know it"
    return ProbeError(f"{device.id} {why}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__ or following.__context__


def left(deadline: float) -> float:
    """Seconds; never zero, which the libraries take for no limit."""
    return max(deadline - time.monotonic(), 0.01)
