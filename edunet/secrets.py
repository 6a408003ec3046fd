"""The secrets a run needs, opened once and before anything starts."""

from __future__ import annotations

from edunet.errors import ConfigError
from edunet.inventory.model import Inventory


def communities(inventory: Inventory) -> dict[str, str]:
    """The opened community of every SNMP credential that a device uses, by the credential's name.

    Raises:
        ConfigError: a secret cannot be opened, or a device wants SNMPv3, which is not spoken yet.
    """
    used = {device.snmp for device in inventory.devices if device.snmp}
    found: dict[str, str] = {}
    for name, credential in inventory.credentials.snmp.items():
        if name not in used:
            continue
        if credential.community is None:
            raise ConfigError(
                f"credentials.snmp.{name}: SNMPv3 is not spoken yet; write version: 2c"
            )
        found[name] = credential.community.open()
    return found
