"""The secrets a run needs, opened once and before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from edunet.errors import ConfigError
from edunet.inventory.credentials import Snmp
from edunet.inventory.model import Inventory
from edunet.inventory.secret import SecretRef


@dataclass(frozen=True)
class Access:
    """How a device may be asked by SNMP. Its repr holds no secret.

    Attributes:
        version: `1`, `2c` or `3`. community: of versions 1 and 2c.
        user, context: of version 3. auth, priv: (protocol, password), None = without.
    """

    version: str
    community: bytes = field(default=b"", repr=False)
    user: str = ""
    auth: tuple[str, bytes] | None = field(default=None, repr=False)
    priv: tuple[str, bytes] | None = field(default=None, repr=False)
    context: str = ""


def accesses(inventory: Inventory) -> dict[str, Access]:
    """The opened SNMP credentials that devices use, by their names.

    Raises:
        ConfigError: a secret cannot be opened.
    """
    used = {device.snmp for device in inventory.devices if device.snmp}
    return {
        name: opened(name, credential)
        for name, credential in inventory.credentials.snmp.items()
        if name in used
    }


def opened(name: str, credential: Snmp) -> Access:
    """One credential with its secrets.

    Raises:
        ConfigError: a secret cannot be opened, or is empty.
    """
    auth, priv = credential.auth, credential.priv
    community = credential.community
    return Access(
        version=credential.version,
        community=_bytes(f"{name}.community", community) if community else b"",
        user=credential.user or "",
        auth=(auth.protocol, _bytes(f"{name}.auth", auth.password)) if auth else None,
        priv=(priv.protocol, _bytes(f"{name}.priv", priv.password)) if priv else None,
        context=credential.context or "",
    )


def _bytes(whose: str, secret: SecretRef) -> bytes:
    text = secret.open()
    if not text:
        where = f"credentials.snmp.{whose}: {secret.place}"
        raise ConfigError(f"{where} is empty; write a secret there")
    return text.encode(errors="surrogateescape")
