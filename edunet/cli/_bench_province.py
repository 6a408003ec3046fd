"""Does one process collect a province: tens of thousands of switches, some dead, some far away?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

import lab
from collector.polling import Polling
from edunet.cli._bench_child import Child
from edunet.cli._bench_collector import Cycle, Listing, Order, Pace, Start, Told, collect
from edunet.cli._bench_machine import about
from edunet.cli._bench_memory import MEMORY, Memory
from edunet.cli._bench_network import COMMUNITY, PORTS, groups
from edunet.errors import ConfigError
from edunet.inventory.compiled import frames
from edunet.inventory.model import Inventory

_GOOD, _LOSSY, _DEAD = "good", "lossy", "dead"


class Plan(NamedTuple):
    """How many devices; which per cent are dead and lossy; every so many seconds, or at once.

    `loss`: the share of its answers that a lossy device loses. `together`: devices a wake-up.
    """

    devices: int
    dead: float
    lossy: float
    loss: float
    period_s: float
    burst: bool
    warm: int
    cycles: int
    together: int = Polling.together

    def sizes(self) -> dict[str, int]:
        """Devices by group.

        Raises:
            ConfigError: more than all would be dead or lossy.
        """
        dead = round(self.devices * self.dead / 100)
        lossy = round(self.devices * self.lossy / 100)
        if dead + lossy >= self.devices:
            raise ConfigError(
                f"{self.dead:g} % dead and {self.lossy:g} % lossy leave no device that is well;"
                " write less of either"
            )
        return {_GOOD: self.devices - dead - lossy, _LOSSY: lossy, _DEAD: dead}


_READ: Final = (
    "CPU and memory: of the collector's process alone (Polling and Vector as `edunet run` has them,"
    " without judging, pages and sinks).",
    "complete: every port has its row, after all that was asked again. Lateness: from the moment a"
    " device was due to the moment its answer was handed on; of the living that answered.",
)


def report(plan: Plan) -> Iterator[str]:
    """The lines of the report, as they become known."""
    sizes = plan.sizes()
    pace = "at once"
    if not plan.burst:
        pace = f"within {plan.period_s:g} s, about {plan.together} a wake-up"
    yield (
        f"edunet bench province: {plan.devices} devices x {PORTS} ports, {pace};"
        f" {sizes[_DEAD]} dead, {sizes[_LOSSY]} losing {plan.loss:g} % of their answers"
    )
    yield from about()
    network = groups(sizes)
    members = _members(sizes)
    with (
        tempfile.TemporaryDirectory(prefix="edunet-bench-") as data,
        lab.start(network, COMMUNITY, Path(data)) as city,
        Child("the collector", collect, _pace(plan)) as collector,
    ):
        start: Start = collector.ask(list(frames(_asked(network))))
        listing: Listing = collector.take()
        yield (
            f"listed once, all alive: {listing.devices} devices in {listing.wall_s:.1f} s,"
            f" {listing.cpu_s:.1f} s CPU"
        )
        yield (
            f"memory, MB: {start.program_mb:.0f} the program, {start.inventory_mb:.0f} with the"
            f" inventory, {listing.resident_mb:.0f} when all are listed (at most"
            f" {listing.peak_mb:.0f})"
        )
        if sizes[_DEAD]:
            city.ask("cut", _DEAD)
        if sizes[_LOSSY] and plan.loss:
            city.ask("degrade", _LOSSY, loss=plan.loss / 100)
        unit = "bursts" if plan.burst else "cycles"
        yield f"{plan.cycles} {unit}, after {plan.warm} that are not counted:"
        cycle: Cycle = collector.ask(Order(plan.warm, plan.cycles))
        peak = collector.peak_mb
        memory: Memory = collector.ask(MEMORY)
    yield from _told(plan, cycle, members, peak)
    yield from _held(memory)
    yield ""
    yield from _READ


def _held(memory: Memory) -> Iterator[str]:
    parts = {name: memory.parts[name].mb for name in memory.parts}
    engine = memory.parts["engine"]
    yield (
        f"the engine alone, for all devices: {engine.mb:.1f} MB, of it {engine.arrays_mb:.1f} in"
        " arrays"
    )
    yield (
        f"of {memory.resident_mb:.0f} MB now: "
        + ", ".join(f"{name} {mb:.1f}" for name, mb in parts.items())
        + f", the program and what its allocators keep {memory.others_mb:.1f}"
    )


def _told(plan: Plan, cycle: Cycle, members: dict[str, set[str]], peak_mb: float) -> Iterator[str]:
    cpu = cycle.cpu_s / plan.cycles
    if plan.burst:
        spread = f"in {cycle.wall_s / plan.cycles:.2f} s until the last was over, dead or alive"
    else:
        spread = f"{cpu / plan.period_s * 100:.1f} % of a core"
    yield (
        f"CPU {cpu:.2f} s a cycle ({spread}), {cpu / plan.devices * 1e6:.0f} us a device;"
        f" peak {peak_mb:.0f} MB"
    )
    for name in (_GOOD, _LOSSY):
        if members[name]:
            mine = [told for told in cycle.told if told.device in members[name]]
            yield _of(name, mine, len(members[name]) * plan.cycles)
    alive = members[_GOOD] | members[_LOSSY]
    for words, names in (("of the living", alive), ("of the good", members[_GOOD])):
        took = [t.over - t.due for t in cycle.told if t.device in names and t.heard]
        if took:
            median, most = np.percentile(took, (50, 99)) * 1e3
            yield f"lateness {words}: median {median:.1f} ms, 99 % {most:.1f} ms"


def _of(name: str, told: Sequence[Told], due: int) -> str:
    whole = sum(each.heard and not each.missing for each in told)
    silent = sum(not each.heard for each in told)
    parts = [each for each in told if each.heard and each.missing]
    ports, runs = sum(each.missing for each in parts), sum(each.runs for each in parts)
    return (
        f"{name:5} due {due}: complete {whole}, incomplete {len(parts)} ({ports} ports without a"
        f" row, in {runs} lost pieces), silent {silent}, not asked {max(0, due - len(told))}"
    )


def _members(sizes: dict[str, int]) -> dict[str, set[str]]:
    """Which devices are in which group: `groups` numbers them in its order."""
    members, first = {}, 1
    for name, size in sizes.items():
        members[name] = {f"sw{number}" for number in range(first, first + size)}
        first += size
    return members


def _asked(network: Inventory) -> Inventory:
    """What the collector is told: no links, so there is one question a period, of all ports."""
    devices = tuple(
        device.model_copy(update={"reach": "icmp"}) for device in network.devices if device.snmp
    )
    return network.model_copy(update={"devices": devices, "links": (), "vantage": ()})


def _pace(plan: Plan) -> Pace:
    return Pace(None if plan.burst else plan.period_s, plan.together)
