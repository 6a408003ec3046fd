"""What is true in the virtual city now: cuts, silence, and what every port has counted?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from edunet.clock import Clock
from edunet.errors import LabError
from edunet.inventory.model import Inventory, Link
from lab.cast import Cast
from lab.paths import Paths, devices_of
from lab.ports import Port, ports
from lab.quality import WHOLE, Quality
from lab.recording import Recording
from lab.traffic import Meter, chance, curves

REBOOT_MS: Final = 10_000
DAY_MS: Final = 86_400_000
DEFAULT_RATE: Final = 100e6  # bit/s of a link of which the inventory says neither of both rates


class Flap(NamedTuple):
    """A link that goes and comes: it turns again at `at`, every `period` milliseconds."""

    period: int
    at: int


class City:
    """The state of every link and device. Times are milliseconds since the city began."""

    def __init__(self, inventory: Inventory, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.ticks()
        self._paths = Paths(inventory)
        self.name = inventory.network.name
        self.links: dict[str, Link] = {link.id: link for link in inventory.links}
        self.devices = {device.id: device for device in inventory.devices}
        self.sites = {site.id: site for site in inventory.sites}
        self.ports = ports(inventory)
        self.cast = Cast(inventory)
        self.degraded: dict[str, Quality] = {}
        self.ways: dict[str, Quality] = {}
        self.cuts: set[str] = set()
        self.hung: set[str] = set()
        self.dark: set[str] = set()
        self.flaps: dict[str, Flap] = {}
        self.rebooting: dict[str, int] = {}
        self.live: set[str] = set()
        self.dead: frozenset[str] = frozenset()
        self.settled = 0  # rises when any link, way or device has another state
        self.touched: list[str] = []  # devices whose agents became other ones, as it happened
        # Switches rarely restart: each has been up for 3 to 90 days already.
        self.started = {d: -int((3 + 87 * chance(f"{d} uptime")) * DAY_MS) for d in self.devices}
        self._boots = {d: 1 + int(30 * chance(f"{d} boots")) for d in self.devices}
        self.changed: dict[str, int] = {}
        self._renumbered: dict[str, int] = {}
        self.zero: dict[tuple[str, str], tuple[int, int]] = {}
        self.meters = self._new_meters(inventory)
        self._settle_links(0)
        self.changed.clear()

    def _new_meters(self, inventory: Inventory) -> dict[str, Meter]:
        zone = ZoneInfo(inventory.network.timezone)
        local = self._clock.now() / 1000 + _offset_s(zone, self._clock.now())
        return {
            link.id: Meter(
                *curves(link.id, link.committed or link.capacity or DEFAULT_RATE, local % 86400),
                earlier_s=86400 * (3 + 20 * chance(f"{link.id} earlier")),
            )
            for link in inventory.links
        }

    def time(self) -> int:
        """Milliseconds since the city began; never steps back."""
        return (self._clock.ticks() - self._began) // 1_000_000

    # What an agent asks.

    def answers(self, device: str) -> bool:
        """Whether an SNMP question reaches this device and its agent is awake."""
        return device not in self.dead and device not in self.hung

    def uptime_ms(self, device: str, time: int) -> int:
        return max(0, time - self.started[device])

    def boots(self, device: str) -> int:
        """snmpEngineBoots: how often the agent has started."""
        return self._boots[device]

    def way(self, device: str) -> Quality:
        """How well packets come through to this device and back."""
        return self.ways.get(device, WHOLE)

    def is_up(self, port: Port) -> bool:
        return port.link in self.live

    def changed_ms(self, port: Port) -> int:
        """When the port last went up or down, in its device's uptime; 0 = as it started."""
        return max(
            0, self.changed.get(port.link, self.started[port.device]) - self.started[port.device]
        )

    def renumbered_ms(self, device: str) -> int:
        """When the interface table last changed, in the device's uptime."""
        return max(0, self._renumbered.get(device, self.started[device]) - self.started[device])

    def octets(self, port: Port, time: int) -> tuple[int, int]:
        """Octets in and out since the device started. The far end counts the same, crosswise."""
        if not port.link:
            return 0, 0
        down, up = self.meters[port.link].read(time / 1000)
        zero = self.zero.get((port.device, port.link), (0, 0))
        down, up = down - zero[0], up - zero[1]
        return (up, down) if port.end == "a" else (down, up)

    # What a player does.

    def cut(self, link: str) -> None:
        self._known("link", link, self.links)
        self.flaps.pop(link, None)
        self.cuts.add(link)
        self._settle_links(self.time())

    def heal(self, what: str | None = None) -> None:
        """Mend one link, wake one device, or (without a name) make everything whole.

        An agent that lies or plays a recording does again what it did at the start.
        """
        if what is None:
            self.touched.extend(self.cast.parts)
            self.cast.restore()
            self.touched.extend(self.cast.parts)
            self.degraded.clear()
            self.cuts.clear()
            self.hung.clear()
            self.flaps.clear()
            for site in tuple(self.dark):
                self.power(site, on=True)
            for device in tuple(self.rebooting):
                del self.rebooting[device]
                self._start(device, self.time())
        else:
            self._known("link or device", what, self.links.keys() | self.devices.keys())
            self.cuts.discard(what)
            self.flaps.pop(what, None)
            self.hung.discard(what)
            self.degraded.pop(what, None)
            if what in self.devices:
                self.cast.restore(what)
                self.touched.append(what)
        self._settle_links(self.time())

    def flap(self, link: str, period_s: float = 3.0) -> None:
        """Cut and mend a link in turn, until it is healed or cut for good."""
        self._known("link", link, self.links)
        period = max(100, int(period_s * 1000))
        self.flaps[link] = Flap(period, self.time() + period)
        self.cuts.add(link)
        self._settle_links(self.time())

    def degrade(self, link: str, quality: Quality) -> None:
        """Let a link lose and delay what passes; its counters and its state know nothing of it."""
        self._known("link", link, self.links)
        self.degraded[link] = quality
        if quality == WHOLE:
            del self.degraded[link]
        self._settle_ways()

    def act(self, device: str, kind: str) -> None:
        """Let a device's agent behave like this: see `lab.kinds`."""
        self._known("device", device, self.devices)
        self.cast.act(device, kind)
        self.touched.append(device)

    def play(self, device: str, recording: Recording) -> None:
        """Let a device's agent answer what was recorded, and of the city nothing."""
        self._known("device", device, self.devices)
        self.cast.play(device, recording)
        self.touched.append(device)

    def hang(self, device: str) -> None:
        """Silence the SNMP agent alone: the device goes on forwarding and answers ping."""
        self._known("device", device, self.devices)
        self.hung.add(device)
        self.touched.append(device)

    def reboot(self, device: str) -> None:
        """Off for ten seconds, with all that lies behind it; then counters and uptime from zero."""
        self._known("device", device, self.devices)
        self.rebooting[device] = self.time() + REBOOT_MS
        self._settle_links(self.time())

    def power(self, site: str, on: bool) -> None:
        """Switch the mains of one site; what stands in it starts anew when they return."""
        self._known("site", site, self.sites)
        if on and site in self.dark:
            self.dark.discard(site)
            for device in self.devices.values():
                if device.site == site:
                    self._start(device.id, self.time())
        elif not on:
            self.dark.add(site)
        self._settle_links(self.time())

    def reindex(self, device: str) -> None:
        """Give every port another ifIndex, as a stack change does; names and counters stay."""
        self._known("device", device, self.devices)
        old = self.ports[device]
        moved = [port._replace(if_index=port.if_index % len(old) + 1) for port in old]
        self.ports[device] = tuple(sorted(moved, key=lambda port: port.if_index))
        self._renumbered[device] = self.time()
        self.touched.append(device)

    def settle(self) -> bool:
        """Let happen what is due: reboots end, flapping links turn. Whether anything did."""
        time = self.time()
        done = [device for device, until in self.rebooting.items() if until <= time]
        turning = [link for link, flap in self.flaps.items() if flap.at <= time]
        for device in done:
            self._start(device, self.rebooting.pop(device))
        for link in turning:
            self.cuts ^= {link}
            self.flaps[link] = Flap(self.flaps[link].period, time + self.flaps[link].period)
        if done or turning:
            self._settle_links(time)
        return bool(done or turning)

    def _start(self, device: str, time: int) -> None:
        self.started[device] = time
        self._boots[device] += 1
        self.hung.discard(device)
        self.touched.append(device)
        for port in self.ports[device]:
            if port.link:
                self.zero[device, port.link] = self.meters[port.link].read(time / 1000)

    def _settle_links(self, time: int) -> None:
        """Work out anew which links live, which devices are dead, and where traffic flows."""
        off = self._off()
        live = {link.id for link in self.links.values() if self._lit(link, off)}
        reached = self._paths.reached(live, off)
        for link in live ^ self.live:
            self.changed[link] = time
        for link_id, meter in self.meters.items():
            if link_id in live and reached.issuperset(devices_of(self.links[link_id])):
                meter.run(time / 1000)
            else:
                meter.stop(time / 1000)
        self.live = live
        self.dead = frozenset(self.devices.keys() - reached)
        self._settle_ways()

    def _settle_ways(self) -> None:
        """Roll up, along the shortest way there, how well each device is reached."""
        self.settled += 1
        self.ways = {}
        for device, before, link in (
            self._paths.ways(self.live, self._off()) if self.degraded else ()
        ):
            way = self.ways.get(before or "", WHOLE).then(self.degraded.get(link or "", WHOLE))
            if way != WHOLE:
                self.ways[device] = way

    def _off(self) -> set[str]:
        dark = {device.id for device in self.devices.values() if device.site in self.dark}
        return dark.union(self.rebooting)

    def _lit(self, link: Link, off: set[str]) -> bool:
        """Whether light passes: not cut, and power at both ends."""
        return link.id not in self.cuts and all(
            end.device not in off and end.site not in self.dark for end in (link.a, link.b)
        )

    def _known(self, kind: str, name: str, among: Iterable[str]) -> None:
        known = sorted(among)
        if name not in known:
            near = get_close_matches(name[:80], known, n=1, cutoff=0.4)
            hint = f"the nearest is {near[0]}" if near else "the inventory lists them"
            raise LabError(f"no {kind} {name[:80]!r} in the city; {hint}")


def _offset_s(zone: ZoneInfo, now_ms: int) -> float:
    from datetime import UTC, datetime

    offset = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset else 0.0
