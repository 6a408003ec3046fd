"""How old is what is known of a device or a school?"""

from __future__ import annotations

from alerts.picture import Picture


def age_s(picture: Picture, ms: int | None) -> float | None:
    """Seconds since a moment, or None; never below zero, for clocks differ."""
    return None if ms is None else max(0, picture.now - ms) / 1e3


def device_told(picture: Picture, device_id: str) -> int | None:
    """When a device was last asked to an end, answer or silence, by whatever way; or None."""
    times = [
        picture.table(kind).told_at(picture.slots.get((kind, device_id), -1))
        for kind in ("probe", "device")
    ]
    return max((time for time in times if time is not None), default=None)


def school_told(picture: Picture, row: int) -> int | None:
    """When something was last learnt of the site in this row: by its devices, else by the ports of
    its links; of a passive one, when it was reported.
    """
    topology = picture.topology
    site = topology.inventory.sites[row]
    if site.passive:
        report = picture.reports.get(site.id)
        return report.time if report else None
    devices = [n for n in topology.nodes_of[row] if n < topology.devices]
    times = [device_told(picture, topology.inventory.devices[n].id) for n in devices]
    if not devices:
        times = [int(picture.traffic["read_at"][r]) or None for r in topology.uplinks_of[row]]
    return max((time for time in times if time is not None), default=None)
