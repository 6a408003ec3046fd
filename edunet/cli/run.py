"""`edunet run`: watch the network and serve what is known, until told to stop."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edunet.cli._options import DEFAULT_INVENTORY, InventoryPath, SettingsPath
from edunet.errors import ConfigError

if TYPE_CHECKING:
    from edunet.inventory import Inventory
    from edunet.settings import Settings
    from lab import VirtualCity

_LAB_COMMUNITY = "public"


def command(
    inventory: InventoryPath = DEFAULT_INVENTORY,
    settings: SettingsPath = None,
    lab: Annotated[bool, typer.Option("--lab", help="Play the inventory as a city too.")] = False,
) -> None:
    """Watch the network of the inventory and serve pages, API and metrics."""
    from edunet import settings as settings_file
    from edunet.clock import SystemClock
    from edunet.inventory import load

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    for noisy in ("httpx", "paramiko", "netmiko"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    how = settings_file.load(settings)
    what = load(inventory)
    door = listen(how.listen)
    city = None
    try:
        if lab:
            city, what = play(what, Path(how.data))
        from edunet.cli._house import House

        house = House(what, how, inventory.parent, SystemClock())
        house.start()
        try:
            _welcome(how, what, lab)
            serve(house, door)
        finally:
            house.stop()
    finally:
        if city:
            city.stop()
    if house.trouble:
        raise ConfigError(str(house.trouble))


def listen(address: str) -> socket.socket:
    """The socket to serve on.

    Raises:
        ConfigError: it is taken, or is open to others: without tokens only this machine may ask.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not (host in ("localhost", "::1") or host.startswith("127.")):
        raise ConfigError(
            f"listen: {address} is open to others, and tokens do not exist yet; write"
            " 127.0.0.1:8080 and put a proxy that asks for a password in front"
        )
    try:
        return socket.create_server((host, int(port)), family=family)
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", None) or "no such port").lower()
        raise ConfigError(f"listen: {address}: {why}; stop who uses it or write another") from None


def play(inventory: Inventory, data: Path) -> tuple[VirtualCity, Inventory]:
    """Start the virtual city; the inventory as it can be watched here."""
    from lab import start

    for credential in inventory.credentials.snmp.values():
        secret = credential.community
        if secret and secret.source == "env":
            os.environ.setdefault(secret.place.strip("${}"), _LAB_COMMUNITY)
    city = start(inventory, None, data)
    if city.reach == "icmp":
        return city, inventory
    typer.echo("ping cannot be silenced here (it needs nft and CAP_NET_ADMIN): reach: snmp instead")
    by_snmp = [device.model_copy(update={"reach": "snmp"}) for device in inventory.devices]
    return city, inventory.model_copy(update={"devices": tuple(by_snmp)})


def serve(source: object, door: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    import uvicorn

    from api.app import create_app

    config = uvicorn.Config(
        create_app(source),  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[door])


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
        lines += [
            "  try      in another terminal:",
            f"           edunet lab cut {cut or 'LINK'}{data}     and look at the page",
            f"           edunet lab heal{data}            and it is well again",
        ]
    typer.echo("\n".join([*lines, "  Ctrl-C ends it."]))
