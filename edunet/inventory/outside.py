"""Which devices have an address that lies in no prefix of their site or of one above it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edunet.inventory.finding import Finding
from edunet.inventory.records import Records
from edunet.inventory.tree import Tree

Network = tuple[int, int, int]  # version, prefix length, the bits of the network


def addresses(records: Records, tree: Tree) -> Iterator[Finding]:
    """Every such device, of sites that have a prefix or stand below one that has."""
    owners = _owners(records, tree)
    lengths = sorted({network[:2] for network in owners}, reverse=True)
    given = tree.below_any(set(owners.values()))
    for item in records.good("devices"):
        site, address = item.thing.site, item.thing.address
        # A loopback address is the lab's: it lies in nobody's network.
        if address is None or address.is_loopback or site not in given:
            continue
        around = (
            owners.get(_network(address, length))
            for version, length in lengths
            if version == address.version
        )
        if not any(owner is not None and tree.below(site, owner) for owner in around):
            text = f"{address} lies in no prefix of {site!r} or of a site above it"
            remedy = "add the prefix to the site, or correct the address"
            yield item.finding(f"{text}; {remedy}", "address", warning=True)


def _network(address: Any, length: int) -> Network:
    return (address.version, length, int(address) >> (address.max_prefixlen - length))


def _owners(records: Records, tree: Tree) -> dict[Network, str]:
    """Who has a prefix; of several in line, who else would be an error, the highest."""
    owners: dict[Network, str] = {}
    for item in records.good("sites"):
        for prefix in item.thing.prefixes:
            network = _network(prefix.network_address, prefix.prefixlen)
            if network not in owners or tree.below(owners[network], item.thing.id):
                owners[network] = item.thing.id
    return owners
