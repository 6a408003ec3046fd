"""`edunet run`: watch the network and serve what is known, until told to stop."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edunet.cli._options import DEFAULT_INVENTORY, InventoryPath, SettingsPath
from edunet.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edunet.cli._house import House
    from edunet.inventory import Inventory
    from edunet.settings import Settings
    from lab import VirtualCity

    Adapt = Callable[[Inventory], Inventory]

log = logging.getLogger(__name__)

_LAB_COMMUNITY = "public"
_TOLD = (signal.SIGINT, signal.SIGTERM)


def command(
    inventory: InventoryPath = DEFAULT_INVENTORY,
    settings: SettingsPath = None,
    lab: Annotated[bool, typer.Option("--lab", help="Play the inventory as a city too.")] = False,
) -> None:
    """Watch the network of the inventory and serve pages, API and metrics."""
    from edunet import settings as settings_file
    from edunet.clock import SystemClock
    from edunet.inventory.cache import load_cached

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    for noisy in ("httpx", "paramiko", "netmiko"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    how = settings_file.load(settings)
    what = load_cached(inventory, Path(how.data))
    door = listen(how.listen)
    house = city = None
    with until_told(), door:
        try:
            adapt: Adapt = _as_it_is
            if lab:
                city, adapt = play(what, Path(how.data))
            from collector.probes.icmp import able
            from edunet.cli._garbage import search_seldom
            from edunet.cli._house import House
            from edunet.cli._reload import Reloader
            from edunet.cli._rights import Rights

            adapt = _after(adapt, Rights(able).adapted)
            house = House(adapt(what), how, inventory.parent, SystemClock())
            reloader = house.reloading = Reloader(house, inventory, settings, Path(how.data), adapt)
            signal.signal(signal.SIGHUP, reloader.soon)
            house.start()
            search_seldom()
            _stand(what)
            _welcome(how, what, lab)
            serve(house, door)
        finally:
            _be_deaf()
            if house:
                house.stop()
            if city:
                city.stop()
    if house and house.trouble:
        raise ConfigError(str(house.trouble))


@contextmanager
def until_told() -> Iterator[None]:
    """SIGINT and SIGTERM end what is inside; both are a success, whenever they come."""
    before = {name: signal.signal(name, _end) for name in _TOLD}
    try:
        yield
    except KeyboardInterrupt:
        return  # deaf to the last: a signal more would make it a failure
    for name, handler in before.items():
        signal.signal(name, handler)


def _end(*_: object) -> None:
    _be_deaf()
    raise KeyboardInterrupt


def _be_deaf() -> None:
    """Told once is enough: what is being ended is ended in order."""
    for name in _TOLD:
        signal.signal(name, signal.SIG_IGN)


def listen(address: str) -> socket.socket:
    """The socket to serve on.

    Raises:
        ConfigError: it is taken, or is open to others: without tokens only this machine may ask.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not _loopback(host):
        raise ConfigError(
            f"listen: {address} is open to others, and tokens do not exist yet; write"
            " 127.0.0.1:8080 and put a proxy that asks for a password in front"
        )
    try:
        door = socket.create_server((host, int(port)), family=family)
    except (OSError, OverflowError) as error:
        code = getattr(error, "errno", None)  # None: the port is no number below 65536
        why = "no such port" if code is None else os.strerror(code).lower()
        raise ConfigError(f"listen: {address}: {why}; stop who uses it or write another") from None
    # asyncio does it for its own sockets only; without it every answer waits 40 ms for an ACK
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def play(inventory: Inventory, data: Path) -> tuple[VirtualCity, Adapt]:
    """Start the virtual city; and what makes of an inventory one that can be watched here."""
    from lab import start

    for credential in inventory.credentials.snmp.values():
        secret = credential.community
        if secret and secret.source == "env":
            os.environ.setdefault(secret.place.strip("${}"), _LAB_COMMUNITY)
    city = start(inventory, None, data)
    if city.reach == "icmp":
        return city, _as_it_is
    typer.echo("ping cannot be silenced here (it needs nft and CAP_NET_ADMIN): reach: snmp instead")
    return city, _by_snmp


def _as_it_is(inventory: Inventory) -> Inventory:
    return inventory


def _stand(inventory: Inventory) -> None:
    """Say where we are taken to stand, when nobody told."""
    if inventory.devices and not inventory.vantage:
        log.warning(
            "no vantage is named, so edunet is taken to stand behind %s, and while that is silent"
            " nothing is known; write vantage: [{id: noc, device: ...}]",
            inventory.devices[0].id,
        )


def _after(first: Adapt, then: Adapt) -> Adapt:
    return lambda inventory: then(first(inventory))


def _by_snmp(inventory: Inventory) -> Inventory:
    devices = [device.model_copy(update={"reach": "snmp"}) for device in inventory.devices]
    return inventory.model_copy(update={"devices": tuple(devices)})


def serve(house: House, door: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, or until the collector has given up."""
    import uvicorn

    from api.app import create_app
    from edunet.cli._door import Server

    config = uvicorn.Config(
        create_app(house),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    Server(config, lambda: house.trouble is not None).run(sockets=[door])


def _welcome(how: Settings, what: Inventory, lab: bool) -> None:
    schools = sum(site.is_school for site in what.sites)
    url = f"http://{how.listen}"
    size = f"{schools} schools, {len(what.devices)} devices, {len(what.links)} links"
    lines = [
        f"{what.network.name}: {size}",
        f"  page     {url}/",
        f"  API      {url}/api/v1/network   {url}/api/v1/schools?state=unreachable",
        f"  metrics  {url}/metrics",
    ]
    if lab:
        cut = next((link.id for link in reversed(what.links) if link.role == "county_uplink"), None)
        data = "" if how.data == "./data" else f" --data {how.data}"
        me = "edunet" if shutil.which("edunet") else sys.argv[0]
        lines += [
            "  try      in another terminal:",
            f"           {me} lab cut {cut or 'LINK'}{data}     and look at the page",
            f"           {me} lab heal{data}            and it is well again",
        ]
    typer.echo("\n".join([*lines, "  Ctrl-C ends it."]))
