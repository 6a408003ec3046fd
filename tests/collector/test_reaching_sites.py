"""Who is asked at all, and who is waited for: passive sites, satellites, a machine cut off."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from echoes import by_satellite
from netns import Namespace, namespaces, plug
from polled import QUICK, Ear

from collector.logins import Logins
from collector.polling import Polling
from collector.reaching import Reaching
from edunet.catalog import Catalog
from edunet.clock import ManualClock, SystemClock
from edunet.frame import Frame
from edunet.inventory.model import Inventory
from edunet.topology import Topology, compile_topology

daemon = pytest.mark.daemon


def city(**sites: dict[str, Any]) -> Topology:
    """A core at 10.9.0.2 and a school for each name, with a device `NAME-sw`; `address` and
    `reach` are its device's, all else the site's."""
    schools: list[dict[str, Any]] = []
    devices: list[dict[str, Any]] = []
    for name, how in sites.items():
        site = {key: value for key, value in how.items() if key not in ("address", "reach")}
        schools.append({"id": name, "kind": "school", "parent": "city", "name": name, **site})
        devices.append(
            {
                "id": f"{name}-sw",
                "site": name,
                "snmp": "ro",
                "ssh": "ops",
                "address": how.get("address", "10.9.0.2"),
                "reach": how.get("reach", "icmp"),
                "port": 1000 + len(devices),
            }
        )
    return compile_topology(
        Inventory.model_validate(
            {
                "network": {"name": "test", "locale": "en"},
                "credentials": {
                    "snmp": {"ro": {"version": "2c", "community": "x"}},
                    "ssh": {"ops": {"username": "x", "password": "x"}},
                },
                "sites": [{"id": "city", "kind": "city", "name": "City"}, *schools],
                "devices": devices,
            }
        )
    )


PASSIVE = {
    "told": {"watch": "reported"},
    "bare": {"access": "none"},
    "by-tcp": {"watch": "reported", "reach": "tcp/22"},
    "sky": {"watch": "reported", "access": "satellite"},
}
ACTIVE = {"plain": {}, "far": {"access": "satellite"}, "fibre": {"access": "fibre"}}


def test_of_passive_sites_nobody_asks_anything() -> None:
    topology = city(**PASSIVE, **ACTIVE)
    asked = ["plain-sw", "far-sw", "fibre-sw"]

    reaching = Reaching(topology, Catalog(), 1, SystemClock())
    polling = Polling(topology, Catalog(), QUICK, None, ManualClock())  # type: ignore[arg-type]
    logins = Logins(topology, 60, {}, None, str, SystemClock())  # type: ignore[arg-type]

    assert asked == [device.id for device in topology.watched]
    assert asked == [device.id for device in (*reaching.by_icmp, *reaching.by_tcp)]
    assert asked == list(polling._devices)
    assert asked == [device.id for device in logins._devices]


@pytest.fixture
def far() -> Iterator[Namespace]:
    """What this thread's machine reaches: 10.9.0.2 at once, 10.9.1.2 by satellite."""
    with namespaces("near", "land", "sky") as (here, land, sky):
        plug((here, "land", "10.9.0.1/24"), (land, "up0", "10.9.0.2/24"))
        plug((here, "sky", "10.9.1.1/24"), (sky, "up0", "10.9.1.2/24"))
        with here.entered():
            yield sky


async def heard(
    topology: Topology, seconds: float, period_s: float = 0.5
) -> list[tuple[float, Frame]]:
    """Frames, each with the seconds from its date to its coming."""

    class Dated(Ear):
        def frame(self, frame: Frame) -> None:
            super().frame(frame)
            late.append(time.time() - float(frame.times.min()) / 1e3)

    late: list[float] = []
    ear = Dated()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await Reaching(topology, Catalog(), period_s, SystemClock()).run(ear)
    return list(zip(late, ear.frames, strict=True))


@daemon
async def test_a_satellite_is_waited_for_and_nobody_else_because_of_it(far: Namespace) -> None:
    topology = city(
        here={"address": "10.9.0.2"},
        gone={"address": "10.9.0.66"},
        sky={"address": "10.9.1.2", "access": "satellite"},
    )
    with by_satellite(far, 0.6, 0.7, 1.3):
        came = await heard(topology, 4.5)

    near = [(late, frame) for late, frame in came if len(frame) == 2]
    sky = [(late, frame) for late, frame in came if len(frame) == 1]
    assert len(near) >= 5
    assert len(sky) >= 3
    assert {(1, 0)} == {tuple(frame.columns["received"].tolist()) for _, frame in near}
    assert {(3,)} == {tuple(frame.columns["received"].tolist()) for _, frame in sky}
    # The dead one on land is judged as soon as ever: it is not waited for like a satellite.
    assert all(0.85 < late < 1.4 for late, _ in near)
    for late, frame in sky:
        assert 0.6 < frame.columns["rtt_s"][0] < 0.8
        assert 0 == frame.columns["loss"][0]
        assert 1.2 < late < 2.1, "it comes with the last echo"


@daemon
async def test_cut_off_a_tcp_device_is_not_asked_and_a_silent_one_is(far: Namespace) -> None:
    topology = city(
        refuses={"address": "10.9.0.2", "reach": "tcp/9"},
        nowhere={"address": "198.51.100.7", "reach": "tcp/9"},
        silent={"address": "10.9.0.66", "reach": "tcp/9"},
    )
    catalog = Catalog()
    ear = Ear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.4):
            await Reaching(topology, catalog, 0.5, SystemClock()).run(ear)

    said: dict[str, set[tuple[float, ...]]] = {}
    for frame in ear.frames:
        name = catalog.key("probe", int(frame.slots[0]))[0]
        values = (float(frame.columns[c][0]) for c in ("sent", "received"))
        said.setdefault(name, set()).add(tuple(values))
    assert {"refuses-sw": {(1, 1)}, "nowhere-sw": {(0, 0)}, "silent-sw": {(1, 0)}} == said
    assert all(np.isnan(f.columns["loss"][0]) for f in ear.frames if not f.columns["sent"][0])


def test_everything_behind_a_satellite_is_far() -> None:
    """By what the site says, by the link's role or medium; a second way over land is near."""
    sites = [{"id": "city", "kind": "city", "name": "City"}]
    names: Sequence[str] = ("core", "sat", "behind", "both", "told", "land")
    devices = [{"id": name, "site": name} for name in names]
    sites += [{"id": n, "kind": "school", "parent": "city", "name": n} for n in names]
    sites[names.index("told") + 1]["access"] = "satellite"

    def link(a: str, b: str, **how: str) -> dict[str, Any]:
        ends = {
            "a": {"device": a, "interface": f"{a}-{b}"},
            "b": {"device": b, "interface": f"{a}-{b}"},
        }
        return {"id": f"{a}-{b}", "role": "school_access", **ends, **how}

    links = [
        link("core", "sat", medium="satellite"),
        link("sat", "behind"),
        link("core", "both", role="satellite"),
        link("land", "both"),
        link("core", "land"),
        link("core", "told"),
    ]
    what = {"network": {"name": "x"}, "sites": sites, "devices": devices, "links": links}
    topology = compile_topology(Inventory.model_validate(what))

    assert {"sat", "behind", "told"} == topology.by_satellite
