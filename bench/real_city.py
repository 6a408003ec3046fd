"""How soon and how exactly is a real city told of? Figures of one run, beside `test_real_city`.

    .venv/bin/python bench/real_city.py > bench/results/real-city-DATE.txt

As root: it builds the city of tests/support/realcity.py (FRR, net-snmp, network namespaces).
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

from flow import bits, flow  # noqa: E402
from realcity import INTERVALS, City, address_of, cable, loopback, real_city  # noqa: E402

ROUNDS = 3


def took(fact: Callable[[], bool], since: float) -> float:
    """Seconds until it is so."""
    while not fact():
        time.sleep(0.02)
    return time.monotonic() - since


def state(city: City, what: str, name: str) -> str:
    return str(city.monitor.get(f"{what}/{name}")["state"])


def show(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    print(f"{what:58} {ordered[0]:6.2f} {ordered[len(ordered) // 2]:6.2f} {ordered[-1]:6.2f}")


def cuts(city: City, link: str, what: str, name: str) -> None:
    """A link is cut and mended, again and again."""
    seen: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        city.whole()
        city.monitor.forget()
        started = time.monotonic()
        city.cut(link)
        if link == "core-c1":
            other = took(
                lambda: city.routers["core"].way_to(loopback("c1-r")[0]) == "xge2", started
            )
            seen.setdefault("the kernel sends the other way", []).append(other)
        dark = took(lambda: state(city, what, name) == "down", started)
        seen.setdefault(f"{what[:-1]} down", []).append(dark)
        seen.setdefault("notice here", []).append(
            took(lambda: len(city.monitor.hook.calls) == 1, started)
        )
        started = time.monotonic()
        city.mend(link)
        seen.setdefault(f"mended: {what[:-1]} up", []).append(
            took(lambda: state(city, what, name) == "up", started)
        )
        seen.setdefault("mended: notice here", []).append(
            took(lambda: len(city.monitor.hook.calls) == 2, started)
        )
    for words, seconds in seen.items():
        show(f"{link} cut, {words}", seconds)


def hangs(city: City) -> None:
    """An agent hangs and wakes."""
    degraded, up = [], []
    for _ in range(ROUNDS):
        city.whole()
        started = time.monotonic()
        city.agents["c1-s1-sw"].hang()
        degraded.append(took(lambda: state(city, "devices", "c1-s1-sw") == "degraded", started))
        started = time.monotonic()
        city.agents["c1-s1-sw"].wake()
        up.append(took(lambda: state(city, "devices", "c1-s1-sw") == "up", started))
    show("an agent hangs, device degraded", degraded)
    show("an agent wakes, device up", up)


def rates(city: City, school: str) -> None:
    """Of a steady flow: what is told beside the flow's own pace and the kernel's counters."""
    city.whole()
    address = address_of(f"{school}-sw")
    with flow(city.spaces["noc"], city.spaces[f"{school}-sw"], address, 200):
        told = city.monitor.rates(f"{school}-up", time.time(), 10)
    of_pace = [rate.download / bits(address, 200) for rate in told]
    of_kernel = []
    for rate in told:
        port = cable(f"{school}-up").near
        least, most = city.kernel.passed(*port, "out", rate.start, rate.end, late=0.0)
        of_kernel.append(rate.download * (rate.end - rate.start) / 8 / ((least + most) / 2))
    show(f"{school} rate / pace of the flow", of_pace)
    show(f"{school} rate / the kernel's (looks 50 ms apart)", of_kernel)


def main() -> None:
    print(f"edunet against a real city, {time.strftime('%Y-%m-%d')}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, Linux {platform.release()}")
    print("FRR and net-snmp of Debian; 4 routers in a ring, 6 schools, 9 devices, 10 links")
    print(f"intervals: {INTERVALS}; load average {os.getloadavg()[0]:.1f}\n")
    started = time.monotonic()
    with real_city() as city:
        print(f"built, routed, every device asked once: {time.monotonic() - started:.1f} s\n")
        print(f"{f'seconds, of {ROUNDS}':58} {'least':>6} {'median':>6} {'most':>6}")
        cuts(city, "c1-s1-up", "schools", "c1-s1")
        cuts(city, "c2-s2-up", "schools", "c2-s2")
        cuts(city, "core-c1", "links", "core-c1")
        hangs(city)
        print(f"\n{'ratios, of 10 readings':58} {'least':>6} {'median':>6} {'most':>6}")
        rates(city, "c1-s1")
        rates(city, "c2-s2")
        city.whole()
        readings = sum(len(told) for told in city.witness.told.values())
        print(f"\n{city.witness.rounds} looks at the API, {readings} readings of ports,")
        print(f"{len(city.witness.untrue())} not true")


if __name__ == "__main__":
    main()
