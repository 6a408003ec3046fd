"""`edunet probe DEVICE`: ask one device everything and show what became of the answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edunet.cli._options import DEFAULT_INVENTORY, InventoryPath, SettingsPath
from edunet.errors import ConfigError, EdunetError, ProbeError
from edunet.units import seconds

if TYPE_CHECKING:
    from edunet.frame import Frame
    from edunet.inventory import Device, Inventory


def command(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="A device's id.")],
    inventory: InventoryPath = DEFAULT_INVENTORY,
    settings: SettingsPath = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole conversation.")] = False,
    wait: Annotated[str, typer.Option("--wait", help="Between the two readings.")] = "3s",
    table: Annotated[
        str | None, typer.Option("--table", help="Show this table, and nothing else.")
    ] = None,
) -> None:
    """Ask one device by ICMP, SNMP and SSH; ends with 1 if it answers to none of them."""
    from edunet import settings as settings_file
    from edunet.cli._probe_snmp import snmp
    from edunet.cli._probe_table import show
    from edunet.inventory import load

    how, what = settings_file.load(settings), load(inventory)
    found = next((each for each in what.devices if each.id == device), None)
    if found is None:
        raise ConfigError(f"no device {device[:64]!r} in {inventory}; write an id of devices:")
    try:
        pause = seconds(wait)
    except ValueError as error:
        raise ConfigError(f"--wait: {error}") from None
    typer.echo(f"{found.id}: {found.address}, site {found.site}, profile {found.profile}")
    if table:
        told = asyncio.run(show(found, table, what, how, inventory.parent, debug))
        raise typer.Exit(0 if told else 1)
    passive = any(site.passive for site in what.sites if site.id == found.site)
    answered = [
        _icmp(found, passive),
        bool(found.snmp) and asyncio.run(snmp(found, what, how, inventory.parent, debug, pause)),
        bool(found.ssh) and _ssh(found, what, inventory.parent, Path(how.data) / "known_hosts"),
    ]
    raise typer.Exit(0 if any(answered) else 1)


def _icmp(device: Device, passive: bool) -> bool:
    from collector.probes.icmp import Pinger, Target, able
    from edunet.cli._rights import judged_by

    async def burst() -> Frame:
        pinger = Pinger()
        pinger.open()
        try:
            if device.address is None:
                raise ProbeError(f"{device.id} has no address")
            target = Target(0, device.address)
            return await pinger.sweep([target], count=5, gap_s=0.1, wait_s=1.0)
        finally:
            pinger.close()

    judge = "nobody: its site is only reported" if passive else judged_by(device, able=able())
    if passive or judge != judged_by(device, able=True):
        typer.echo(f"       judged by {judge}")
    try:
        frame = asyncio.run(burst())
    except EdunetError as error:
        typer.echo(f"icmp   not asked: {error}")
        return False
    sent, received = (int(frame.columns[name][0]) for name in ("sent", "received"))
    rtt, jitter = (float(frame.columns[name][0]) * 1e3 for name in ("rtt_s", "jitter_s"))
    times = f", median {rtt:.2f} ms, jitter {jitter:.2f} ms" if received else ""
    typer.echo(f"icmp   {received} of {sent} echoes came back{times}")
    return received > 0


def _ssh(device: Device, what: Inventory, folder: Path, known_hosts: Path) -> bool:
    from collector import profiles
    from collector.hostkeys import HostKeys
    from collector.probes.ssh import ask

    name = "generic" if device.profile == "auto" else device.profile
    known_hosts.parent.mkdir(parents=True, exist_ok=True)
    try:
        profile = profiles.load(name, [folder / "profiles"])
        login = what.credentials.ssh[device.ssh or ""]
        said = ask(device, login, profile, HostKeys(known_hosts), timeout=30)
    except ProbeError as error:
        typer.echo(f"ssh    {error}")
        return False
    count = len(said.interfaces)
    typer.echo(f"ssh    {said.model or profile.vendor} {said.version}, {count} interfaces")
    return True
