"""A city of real nodes: routers of FRR in a ring, real agents, a monitor that knows only a list.

    noc - core - c1-r - c2-r - c3-r - core        every name a network namespace, every - a cable

Two schools hang on each county's router. c2-s2 speaks IPv6 alone; c3-s2 has no device, the port
towards it is all there is to see.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from agent import COMMUNITY, Agent
from daemons import binary, until
from frr import Frr, Port
from kernel import Kernel
from monitor import Monitor, monitor
from netns import Namespace, namespaces
from witness import Witness

INTERVALS: Final = {"reachability": "500ms", "links": "2s", "interfaces": "5s"}


class Cable(NamedTuple):
    """A link of the inventory, or the way of the monitor into the network (no link)."""

    link: str
    near: tuple[str, str]
    far: tuple[str, str]
    addresses: tuple[str, str]
    cost: int | None = None
    ipv6: bool = False


def _net(number: int) -> tuple[str, str]:
    return f"198.18.{number}.1/30", f"198.18.{number}.2/30"


CABLES: Final = (
    Cable("", ("core", "noc0"), ("noc", "up0"), _net(0), ipv6=True),
    Cable("core-c1", ("core", "xge1"), ("c1-r", "xge1"), _net(1), cost=10, ipv6=True),
    Cable("c1-c2", ("c1-r", "xge2"), ("c2-r", "xge1"), _net(2), cost=10, ipv6=True),
    Cable("c2-c3", ("c2-r", "xge2"), ("c3-r", "xge1"), _net(3), cost=15, ipv6=True),
    Cable("core-c3", ("core", "xge2"), ("c3-r", "xge2"), _net(4), cost=10, ipv6=True),
    Cable("c1-s1-up", ("c1-r", "ge1"), ("c1-s1-sw", "up0"), _net(11)),
    Cable("c1-s2-up", ("c1-r", "ge2"), ("c1-s2-sw", "up0"), _net(12)),
    Cable("c2-s1-up", ("c2-r", "ge1"), ("c2-s1-sw", "up0"), _net(21)),
    Cable(
        "c2-s2-up", ("c2-r", "ge2"), ("c2-s2-sw", "up0"), ("fd00:22::1/64", "fd00:22::2/64"),
        ipv6=True,
    ),
    Cable("c3-s1-up", ("c3-r", "ge1"), ("c3-s1-sw", "up0"), _net(31)),
    Cable("c3-s2-up", ("c3-r", "ge2"), ("c3-s2", "up0"), _net(32)),
)  # fmt: skip
RING: Final = ("core-c1", "c1-c2", "c2-c3", "core-c3")
ROUTERS: Final = {"core": 1, "c1-r": 11, "c2-r": 12, "c3-r": 13}
NAMES: Final = {
    "c1": "东湖区", "c2": "山阳县", "c3": "云水县",
    "c1-s1": "东湖实验小学", "c1-s2": "东湖第三中学", "c2-s1": "山阳县第一中学",
    "c2-s2": "桃源镇中心小学", "c3-s1": "云水中学", "c3-s2": "半山教学点",
}  # fmt: skip
PLACES: Final = tuple(
    dict.fromkeys(place for cable in CABLES for place in (cable.near[0], cable.far[0]))
)
DEVICES: Final = tuple(place for place in PLACES if place not in ("noc", "c3-s2"))


class City:
    """What a test breaks, mends, and looks at. What it broke is what `heal` knows of."""

    def __init__(self, spaces: dict[str, Namespace], folder: Path) -> None:
        self.spaces, self.folder = spaces, folder
        self.agents: dict[str, Agent] = {}
        self.routers: dict[str, Frr] = {}
        self.kernel: Kernel
        self.monitor: Monitor
        self.witness: Witness
        self._cut: set[tuple[str, str]] = set()

    def cut(self, link: str, at: str = "far") -> None:
        """Take the light off a link, by switching off the port at one end of it."""
        place, port = cable(link).near if at == "near" else cable(link).far
        self._cut.add((place, port))
        self.spaces[place].ip("link", "set", port, "down")

    def mend(self, link: str) -> None:
        """Light it again, with what the kernel forgot of a port that was switched off."""
        for place, port in self._cut & {cable(link).near, cable(link).far}:
            self.spaces[place].ip("link", "set", port, "up")
            self._address(place, port)
            self._cut.remove((place, port))

    def carrier(self, place: str, port: str) -> bool:
        """Whether the kernel sees light there; a port that is switched off has none."""
        text = self.spaces[place].run("sh", "-c", f"cat /sys/class/net/{port}/carrier || echo 0")
        return text.split() == ["1"]

    def ports(self, place: str) -> dict[str, tuple[bool, str]]:
        """For each interface whether it is switched on, and the kernel's operstate."""
        script = "cd /sys/class/net && grep -H . */flags */operstate"
        found: dict[str, dict[str, str]] = {}
        for line in self.spaces[place].run("sh", "-c", script).splitlines():
            path, _, value = line.partition(":")
            interface, _, what = path.partition("/")
            found.setdefault(interface, {})[what] = value
        return {
            name: (bool(int(facts["flags"], 16) & 1), facts["operstate"])
            for name, facts in found.items()
        }

    def answers(self, device: str) -> bool:
        """Whether ping, run where the monitor stands, gets an answer."""
        argv = self.spaces["noc"].argv("ping", "-n", "-c1", "-W1", self.agents[device].address)
        return not subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode

    def heal(self) -> None:
        """Mend whatever was broken."""
        for each in CABLES:
            self.mend(each.link)
        for agent in self.agents.values():
            if agent.running:
                agent.wake()
            else:
                agent.start()
        for router in self.routers.values():
            router.start()

    def whole(self) -> None:
        """Heal it and wait until the routers, and then the monitor, see that all is well."""
        self.heal()
        self.routed()
        for what in ("devices", "links", "schools", "counties"):
            self.monitor.until(what)
        until(lambda: not self.monitor.get("alerts")["items"], "no alert to be open", 40)

    def routed(self) -> None:
        """Wait until neighbours in the ring send what they have for each other straight."""
        for link in RING:
            (a, near), (b, far) = cable(link).near, cable(link).far
            for here, port, there in ((a, near, b), (b, far, a)):
                for address in loopback(there):
                    until(
                        lambda: self.routers[here].way_to(address) == port,  # noqa: B023
                        f"the way from {here} to {there} over {port}",
                        40,
                    )

    def build(self, stack: ExitStack) -> None:
        """Cables, addresses, routers and agents; all of it ends with the stack."""
        for space in self.spaces.values():
            _sysctl(
                space, "net.ipv6.conf.default.disable_ipv6=1", "net.ipv6.conf.lo.disable_ipv6=0"
            )
            _sysctl(space, "net.ipv6.conf.default.accept_dad=0")
        for name in ROUTERS:
            _sysctl(self.spaces[name], "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
            for address in loopback(name):
                self.spaces[name].ip("addr", "add", address, "dev", "lo")
            # One port that nothing is plugged into, one that is switched off.
            spare = ("name", "ge7", "type", "veth", "peer", "name", "ge8")
            self.spaces[name].ip("link", "add", *spare)
            self.spaces[name].ip("link", "set", "ge7", "up")
        for each in CABLES:
            self._plug(each)
        for name in ROUTERS:
            router_id, _ = loopback(name)
            ports = {
                port: Port(each.cost, each.ipv6)
                for each in CABLES
                for place, port in (each.near, each.far)
                if place == name
            }
            router = Frr(self.spaces[name], router_id, ports, self.folder / name)
            stack.callback(router.kill)
            router.start()
            self.routers[name] = router
        for name in DEVICES:
            folder = self.folder / f"{name}-agent"
            folder.mkdir()
            self.agents[name] = Agent(self.spaces[name], address_of(name), folder)
            stack.callback(self.agents[name].kill)
            self.agents[name].start()

    def _plug(self, each: Cable) -> None:
        (here, port), (there, other) = each.near, each.far
        ends = ("type", "veth", "peer", "name", other, "netns", self.spaces[there].name)
        self.spaces[here].ip("link", "add", port, *ends)
        for place, interface in (each.near, each.far):
            if each.ipv6:
                _sysctl(self.spaces[place], f"net.ipv6.conf.{interface}.disable_ipv6=0")
            self.spaces[place].ip("link", "set", interface, "up")
            self._address(place, interface)

    def _address(self, place: str, port: str) -> None:
        """What a port needs; of a port that was switched off the kernel forgets some of it."""
        space = self.spaces[place]
        each = next(each for each in CABLES if (place, port) in (each.near, each.far))
        near, far = each.addresses
        space.ip("addr", "replace", near if each.near == (place, port) else far, "dev", port)
        if place not in ROUTERS:
            space.ip("route", "replace", "default", "via", near.partition("/")[0], "dev", port)
        if "" == each.link:
            mine = each.near == (place, port)
            space.ip("addr", "replace", f"fd00:1::{1 if mine else 2}/64", "dev", port)
            if not mine:
                space.ip("-6", "route", "replace", "default", "via", "fd00:1::1", "dev", port)


def cable(link: str) -> Cable:
    return next(each for each in CABLES if each.link == link)


def loopback(router: str) -> tuple[str, str]:
    """Its addresses that no single cut takes away."""
    number = ROUTERS[router]
    return f"198.18.255.{number}", f"fd00::{number}"


def address_of(device: str) -> str:
    """What the monitor asks it at."""
    if device in ROUTERS:
        return loopback(device)[0]
    (mine,) = (each.addresses[1] for each in CABLES if each.far[0] == device)
    return mine.partition("/")[0]


def inventory() -> str:
    """The list a person would write of it."""
    sites: list[dict[str, Any]] = [{"id": "city", "kind": "city", "name": "江城市"}]
    for number, (name, words) in enumerate(NAMES.items()):
        site: dict[str, Any] = {"id": name, "kind": "county", "parent": "city", "name": words}
        if "-" in name:
            kind = "teaching_point" if "教学点" in words else "school"
            site |= {"kind": kind, "parent": name[:2], "classes": 6 + number, "students": 300}
        sites.append(site)
    devices = [
        {"id": name, "site": site_of(name), "address": address_of(name), "snmp": "ro"}
        for name in DEVICES
    ]
    links = []
    for each in CABLES[1:]:
        role = "backbone" if each.link in RING else "school_access"
        far = {"device": each.far[0], "interface": each.far[1]}
        if each.far[0] not in DEVICES:
            far = {"site": each.far[0]}
        near = {"device": each.near[0], "interface": each.near[1]}
        link = {"id": each.link, "role": role, "a": near, "b": far, "capacity": "1G"}
        links.append({**link, "carrier": "gdtv"})
    head = (
        "network: {name: 江城教育城域网, timezone: Asia/Shanghai, locale: zh-CN}\n"
        "vantage: [{id: noc, device: core}]\n"
        'credentials: {snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}}\n'
        "carriers: [{id: gdtv, name: 广电网络}]\n"
    )
    for section, items in (("sites", sites), ("devices", devices), ("links", links)):
        lines = (f"  - {json.dumps(item, ensure_ascii=False)}\n" for item in items)
        head += f"{section}:\n{''.join(lines)}"
    return head


def site_of(device: str) -> str:
    return "city" if device == "core" else device.rpartition("-")[0]


def _sysctl(space: Namespace, *settings: str) -> None:
    for name, value in (setting.split("=") for setting in settings):
        space.run("sh", "-c", f"echo {value} > /proc/sys/{name.replace('.', '/')}")


@contextmanager
def real_city() -> Iterator[City]:
    """Build it, let a monitor loose on it, watch the monitor; take it all away again."""
    for program in ("zebra", "ospfd", "ospf6d", "snmpd", "snmpget", "snmpset", "nft", "ping"):
        binary(program)
    with ExitStack() as stack:
        # Not pytest's folder: sockets lie in it, and their paths must be short.
        folder = Path(tempfile.mkdtemp(prefix="edunet-city-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        labels = [place.replace("-", "") for place in PLACES]
        made = stack.enter_context(namespaces(*labels))
        city = City(dict(zip(PLACES, made, strict=True)), folder)
        city.build(stack)
        watched = {name: city.spaces[name] for name in PLACES}
        city.kernel = stack.enter_context(Kernel(watched))
        house = folder / "edunet"
        house.mkdir()
        city.monitor = stack.enter_context(monitor(city.spaces["noc"], house))
        city.routed()
        city.monitor.start(inventory(), INTERVALS, {"SNMP_COMMUNITY": COMMUNITY})
        city.witness = stack.enter_context(Witness(city.monitor, city.kernel, city.agents))
        yield city
