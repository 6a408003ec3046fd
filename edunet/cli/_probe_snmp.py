"""The SNMP part of `edunet probe`: what was said, what it became, and why some of it did not."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from textwrap import indent
from typing import Final

import typer

from edunet.cli._asking import Collected, asking
from edunet.derive import Rates
from edunet.facts import Facts
from edunet.frame import Frame, Reason
from edunet.inventory import Device, Inventory
from edunet.settings import Settings
from edunet.units import show_bps

_OPER: Final = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not present",
                7: "lower layer down"}  # fmt: skip
_MARGIN: Final = " " * 7


async def snmp(
    device: Device, what: Inventory, how: Settings, folder: Path, debug: bool, pause: float
) -> bool:
    """Ask it twice, `pause` seconds apart, and print what came of it; whether it answered."""
    only = what.model_copy(update={"devices": (device,), "links": (), "vantage": ()})
    wanted = [
        end.interface for link in what.links for end in (link.a, link.b) if end.device == device.id
    ]
    asked = asking(only, how, folder, say if debug else keep_quiet)
    try:
        came = Collected()
        answers = await asked.polling.once(came)
        facts = came.said.get(device.id)
        if not answers[0].varbinds or facts is None:
            typer.echo(f"snmp   {answers[0].trouble or (facts and facts.trouble)}")
            return False
        _who(facts, [name for name in wanted if name])
        await asyncio.sleep(pause)
        again = await asked.polling.once(came)
        rates = Rates()
        derived = [rates.derive(frame) for frame in came.frames if frame.kind == "interface"]
        if derived:
            _table(facts, derived[-1])
            _refused(facts, derived[-1])
        for trouble in dict.fromkeys(a.trouble for a in (*answers, *again) if a.trouble):
            say(f"trouble: {trouble}")
        if debug:
            dropped = asked.transport.client.wire.dropped
            for reason, count in sorted(dropped.items()):
                say(f"{count} datagrams {reason}, dropped")
    finally:
        await asked.transport.close()
    return True


def keep_quiet(_words: str) -> None:
    """One device is asked singly, whether the conversation is shown or not."""


def say(words: str) -> None:
    typer.echo(indent(words, _MARGIN))


def _who(facts: Facts, wanted: list[str]) -> None:
    """What the device says of itself, and what it lacks."""
    typer.echo(f"snmp   {facts.name}: {facts.descr}")
    who = facts.vendor or "no profile for"
    say(f"{who} {facts.object_id}, {len(facts.ports)} interfaces")
    if facts.lacks:
        say(f"it has no {', '.join(facts.lacks)}")
    lacking: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for port in facts.ports:
        lacking[_told_narrow(port.skip)].append(port.name)
    for objects, names in lacking.items():
        if objects:
            say(f"{_some(names)}: no {', '.join(objects)}; 32-bit counters are read instead")
    for name in sorted(set(wanted) - {port.name for port in facts.ports}):
        say(f"the inventory names {name}, the device does not; write its ifName")


def _told_narrow(skip: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(skip & {"ifHCInOctets", "ifHCOutOctets"}))


def _table(facts: Facts, frame: Frame) -> None:
    """A line for each interface: state, speed, rates, and why a rate is not known."""
    names = {port.slot: port for port in facts.ports}
    columns = frame.columns
    say(f"{'interface':24}{'oper':12}{'speed':>8}{'in bit/s':>12}{'out bit/s':>12}")
    for row, slot in enumerate(frame.slots.tolist()):
        port = names[slot]
        why = {
            Reason(int(frame.reason[name][row])).label
            for name in ("in_bps", "out_bps")
            if frame.reason[name][row]
        }
        speed, received, sent = (float(columns[c][row]) for c in ("speed", "in_bps", "out_bps"))
        line = f"{port.name:24}{_OPER.get(int(columns['oper'][row]), '?'):12}"
        line += f"{show_bps(speed):>8}{show_bps(received):>12}{show_bps(sent):>12}"
        say(f"{line}  {port.alias}{' rejected: ' + ', '.join(sorted(why)) if why else ''}")


def _refused(facts: Facts, frame: Frame) -> None:
    """Which values were not believed, and why."""
    names = {port.slot: port.name for port in facts.ports}
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for column, reasons in frame.reason.items():
        for row in reasons.nonzero()[0].tolist():
            reason = Reason(int(reasons[row])).label
            found[column, reason].append(names[int(frame.slots[row])])
    for (column, reason), ports in found.items():
        say(f"{column} {reason}: {_some(ports)}")


def _some(names: list[str], shown: int = 6) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"
