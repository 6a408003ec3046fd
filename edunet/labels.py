"""What a series is called towards Prometheus and InfluxDB: the labels of every kind and slot."""

from __future__ import annotations

from collections.abc import Mapping

from edunet.catalog import Catalog
from edunet.topology import Topology

Labels = Mapping[str, str]


class Names:
    """The labels site, county, device, interface, link, role, carrier; empty ones are left out."""

    def __init__(self, topology: Topology, catalog: Catalog) -> None:
        self._topology, self._catalog = topology, catalog
        self._devices = {device.id: device for device in topology.inventory.devices}

    def of(self, kind: str, slot: int) -> Labels:
        """The labels of a slot; an empty answer when the inventory no longer has the element."""
        element, interface = self._catalog.key(kind, slot)
        if kind == "interface":
            return self.interface(element, interface)
        named = {"device": self.device, "probe": self.device, "link": self.link}
        return named.get(kind, self.site)(element)

    def site(self, site_id: str) -> Labels:
        row = self._topology.site.get(site_id)
        if row is None:
            return {}
        return _present(site=site_id, county=self._topology.county[row])

    def device(self, device_id: str) -> Labels:
        device = self._devices.get(device_id)
        return {**self.site(device.site), "device": device_id} if device else {}

    def interface(self, device_id: str, interface: str) -> Labels:
        device = self.device(device_id)
        if not device:
            return {}
        end = self._topology.ports.get((device_id, interface))
        labels = {**device, "interface": interface}
        return {**labels, **self._circuit(end[0])} if end else labels

    def link(self, link_id: str) -> Labels:
        """A link stands where its downstream end stands."""
        topology = self._topology
        row = topology.link.get(link_id)
        if row is None:
            return {}
        site = topology.inventory.sites[topology.node_site[topology.ends[row, 1]]]
        return _present(site=site.id, county=topology.county_of_link(row)) | self._circuit(row)

    def _circuit(self, row: int) -> dict[str, str]:
        link = self._topology.inventory.links[row]
        return _present(link=link.id, role=link.role, carrier=link.carrier or link.a.carrier)


def _present(**labels: str | None) -> dict[str, str]:
    return {name: value for name, value in labels.items() if value}
