"""What does an echo cost: by edunet's pinger and by fping, of the same targets, in turn?"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from collector.probes.icmp import NO_RIGHT, Pinger, Target, able
from edunet.cli._bench_child import Child
from edunet.cli._bench_machine import FPING, about
from edunet.errors import ConfigError, EdunetError

_WAIT_S: Final = 0.8  # as `edunet run` waits
_SPREAD: Final = 0.9  # fping spreads a second's echoes over this share of it


class Run(NamedTuple):
    """Echoes of one run: sent, back, their median round trip, and what they cost."""

    sent: int
    back: int
    rtt_s: float
    cpu_s: float
    wall_s: float


_READ: Final = (
    "edunet sends a second's echoes together, fping spreads them over the second: the round trips"
    " are those of two loads, and only tell that neither waits for itself.",
    "CPU: of the pinging process alone. The kernel answers for 127.0.0.0/8 while it sends, so its"
    " work is in the figures of both.",
)

_FPING_MOST: Final = 5000  # 16 bits of sequence numbers, each kept for ten seconds


def report(targets: int, seconds: int, rounds: int) -> Iterator[str]:
    """The lines of the report, as they become known.

    Raises:
        ConfigError: this process may not send echoes.
    """
    if not able():
        raise ConfigError(NO_RIGHT)
    yield (
        f"edunet bench icmp: {targets} targets in 127.0.0.0/8, an echo each second for {seconds} s,"
        f" {rounds} rounds of each in turn"
    )
    yield from about(programs=(FPING,))
    if FPING.path and targets > _FPING_MOST:
        yield f"fping has numbers for some 6,000 echoes a second: it gets {_FPING_MOST} targets"
    addresses = [f"127.{80 + (n >> 16)}.{n >> 8 & 255}.{n & 255}" for n in range(1, targets + 1)]
    found: dict[str, list[Run]] = {"edunet": []}
    with Child("the pinger", work, addresses) as child:
        child.ask(1)  # sockets and memory: not counted
        for _ in range(rounds):
            found["edunet"].append(child.ask(seconds))
            if FPING.path:
                found.setdefault("fping", []).append(
                    _fping(FPING.path, addresses[:_FPING_MOST], seconds)
                )
    yield (
        f"{'':8} {'% of a core':>12} {'us CPU/echo':>12} {'least-most':>12} {'median RTT us':>14}"
        f" {'loss %':>8}"
    )
    for name, runs in found.items():
        yield _row(name, runs)
    if "fping" in found:
        ours, theirs = (
            statistics.median(run.rtt_s for run in found[name]) for name in ("edunet", "fping")
        )
        cost = _per_echo(found["edunet"]) / max(_per_echo(found["fping"]), 1e-12)
        yield (
            f"an echo costs {cost:.2f}x of fping; the median RTT is"
            f" {(ours - theirs) * 1e6:+.0f} us away"
        )
    yield ""
    yield from _READ


def work(pipe: Connection, addresses: Sequence[str]) -> None:
    """In a child: for every number it hears, pings for so many seconds."""
    asyncio.run(_work(pipe, addresses))


async def _work(pipe: Connection, addresses: Sequence[str]) -> None:
    targets = [Target(n, IPv4Address(address)) for n, address in enumerate(addresses)]
    pinger = Pinger()
    pinger.open()
    try:
        while True:
            # The replies of fping come here too: unread, they would fill the buffer.
            seconds = await asyncio.to_thread(pipe.recv)
            pipe.send(await _pinged(pinger, targets, seconds))
    finally:
        pinger.close()


async def _pinged(pinger: Pinger, targets: Sequence[Target], seconds: int) -> Run:
    loop, rtts, sent = asyncio.get_running_loop(), [], 0
    start, cpu = loop.time(), time.process_time()
    for second in range(seconds):
        await asyncio.sleep(max(0.0, start + second - loop.time()))
        burst = await pinger.burst(targets, count=1, gap_s=0.0, wait_s=_WAIT_S)
        sent += int((burst.sent > 0).sum())
        came = (burst.sent > 0) & (burst.back > 0)
        rtts.append((burst.back - burst.sent)[came])
    await asyncio.sleep(max(0.0, start + seconds - loop.time()))
    cpu, wall = time.process_time() - cpu, loop.time() - start
    back = np.concatenate(rtts)
    return Run(sent, len(back), float(np.median(back)) / 1e9 if len(back) else np.nan, cpu, wall)


def _fping(program: str, addresses: Sequence[str], seconds: int) -> Run:
    """fping in count mode, quiet; what it says of each echo is read when it is over.

    Raises:
        EdunetError: it says nothing of some target.
    """
    with tempfile.TemporaryDirectory(prefix="edunet-bench-") as folder:
        names, said = Path(folder) / "targets", Path(folder) / "said"
        names.write_text("\n".join(addresses) + "\n", encoding="ascii")
        gap_ms = f"{1000 * _SPREAD / len(addresses):.3f}"
        words = [program, "-q", "-C", str(seconds), "-p", "1000", "-t", str(int(_WAIT_S * 1000))]
        began = time.monotonic()
        with said.open("wb") as out:
            child = subprocess.Popen(
                [*words, "-i", gap_ms, "-f", str(names)], stdout=out, stderr=out
            )
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0  # reaped: its exit code only tells whether all answered
        wall = time.monotonic() - began
        rows = [line.split(" : ") for line in said.read_text("ascii", "replace").splitlines()]
    told = [word for row in rows if len(row) == 2 for word in row[1].split()]
    if len(told) != len(addresses) * seconds:
        first = " : ".join(rows[0]) if rows else "nothing"
        raise EdunetError(f"fping told of {len(told)} echoes; it says: {first[:200]}")
    back = [float(word) / 1e3 for word in told if word != "-"]
    rtt = statistics.median(back) if back else float("nan")
    return Run(len(told), len(back), rtt, usage.ru_utime + usage.ru_stime, max(wall, seconds))


def _row(name: str, runs: Sequence[Run]) -> str:
    costs = [run.cpu_s / max(run.sent, 1) * 1e6 for run in runs]
    share = statistics.median(run.cpu_s / run.wall_s for run in runs) * 100
    rtt = statistics.median(run.rtt_s for run in runs) * 1e6
    sent, back = sum(run.sent for run in runs), sum(run.back for run in runs)
    loss = (1 - back / max(sent, 1)) * 100
    return (
        f"{name:8} {share:12.2f} {_per_echo(runs) * 1e6:12.2f}"
        f" {f'{min(costs):.2f}-{max(costs):.2f}':>12} {rtt:14.0f} {loss:8.3f}"
    )


def _per_echo(runs: Sequence[Run]) -> float:
    """Seconds of CPU."""
    return statistics.median(run.cpu_s / max(run.sent, 1) for run in runs)
