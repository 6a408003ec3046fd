"""`edunet probe DEVICE`: ask one device everything and show what became of the answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from edunet.cli._options import DEFAULT_INVENTORY, InventoryPath, SettingsPath
from edunet.errors import ConfigError, EdunetError, ProbeError
from edunet.units import seconds, show_bps

if TYPE_CHECKING:
    from edunet.facts import Facts
    from edunet.frame import Frame
    from edunet.inventory import Device, Inventory
    from edunet.settings import Settings

_OPER = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not present",
         7: "lower layer down"}  # fmt: skip


def command(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="A device's id.")],
    inventory: InventoryPath = DEFAULT_INVENTORY,
    settings: SettingsPath = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole conversation.")] = False,
    wait: Annotated[str, typer.Option("--wait", help="Between the two readings.")] = "3s",
) -> None:
    """Ask one device by ICMP, SNMP and SSH; ends with 1 if it answers to none of them."""
    from edunet import settings as settings_file
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
    passive = any(site.passive for site in what.sites if site.id == found.site)
    answered = [
        _icmp(found, passive),
        bool(found.snmp) and asyncio.run(_snmp(found, what, how, inventory.parent, debug, pause)),
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


async def _snmp(
    device: Device, what: Inventory, how: Settings, folder: Path, debug: bool, pause: float
) -> bool:
    from edunet.cli._asking import Collected, asking
    from edunet.derive import Rates

    only = what.model_copy(update={"devices": (device,), "links": (), "vantage": ()})
    wanted = [
        end.interface for link in what.links for end in (link.a, link.b) if end.device == device.id
    ]
    note = (lambda text: typer.echo(indent(text, " " * 7))) if debug else None
    asked = asking(only, how, folder, note)
    came = Collected()
    answers = await asked.polling.once(came)
    facts = came.said.get(device.id)
    if not answers[0].varbinds or facts is None:
        typer.echo(f"snmp   {answers[0].trouble or (facts and facts.trouble)}")
        return False
    typer.echo(f"snmp   {facts.name}: {facts.descr}")
    who = facts.vendor or "no profile for"
    typer.echo(f"       {who} {facts.object_id}, {len(facts.ports)} interfaces")
    for name in sorted({name for name in wanted if name} - {port.name for port in facts.ports}):
        typer.echo(f"       the inventory names {name}, the device does not; write its ifName")
    await asyncio.sleep(pause)
    await asked.polling.once(came)
    rates = Rates()
    derived = [rates.derive(frame) for frame in came.frames if frame.kind == "interface"]
    if derived:
        _table(facts, derived[-1])
    return True


def _table(facts: Facts, frame: Frame) -> None:
    """A line for each interface: state, speed, rates, and why a rate is not known."""
    from edunet.frame import Reason

    names = {port.slot: port for port in facts.ports}
    columns = frame.columns
    typer.echo(f"       {'interface':24}{'oper':12}{'speed':>8}{'in bit/s':>12}{'out bit/s':>12}")
    for row, slot in enumerate(frame.slots.tolist()):
        port = names[slot]
        why = {
            Reason(int(frame.reason[name][row])).label
            for name in ("in_bps", "out_bps")
            if frame.reason[name][row]
        }
        speed, received, sent = (float(columns[c][row]) for c in ("speed", "in_bps", "out_bps"))
        line = f"       {port.name:24}{_OPER.get(int(columns['oper'][row]), '?'):12}"
        line += f"{show_bps(speed):>8}{show_bps(received):>12}{show_bps(sent):>12}"
        typer.echo(f"{line}  {port.alias}{' rejected: ' + ', '.join(sorted(why)) if why else ''}")


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
