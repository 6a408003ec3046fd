"""Whom else may Prometheus ask: targets for snmp_exporter and blackbox_exporter, by HTTP SD."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.compat import instance
from api.shelf import Shelf
from api.source import AView, View, answer
from edunet.inventory.model import Device, Service
from edunet.topology import Topology

router = APIRouter(prefix="/sd", tags=["health"])

County = Annotated[str | None, Query(max_length=64)]
Group = dict[str, Any]

_WEB: Final = frozenset({"http", "https"})


@router.get("/snmp")
def snmp(request: Request, view: AView, county: County = None) -> Response:
    """Every device that is asked by SNMP: its address, with the port where it is not 161.

    `__meta_edunet_snmp` is the name of its credentials, never what is in them.
    """
    return _answer(request, view, county, _snmp)


@router.get("/icmp")
def icmp(request: Request, view: AView, county: County = None) -> Response:
    """Every device with an address that is watched."""
    return _answer(request, view, county, _icmp)


@router.get("/http")
def http(request: Request, view: AView, county: County = None) -> Response:
    """Every service of kind http or https: its URL."""
    return _answer(request, view, county, _http)


def _answer(
    request: Request, view: View, county: str | None, make: Callable[[View], list[Group]]
) -> Response:
    """What is in sight; made once a second for all who may see the same.

    Raises:
        HTTPException: 404, no such county in sight.
    """
    if county is not None and not view.seen_county(county):
        view.missing(county)
    shelf: Shelf = request.app.state.shelf
    made = shelf.get(("sd", make, view.scope.county), view.picture, lambda: make(view))
    return answer([g for g in made if county in (None, g["labels"].get("__meta_edunet_county"))])


def _snmp(view: View) -> list[Group]:
    topology, credentials = view.picture.topology, view.picture.topology.inventory.credentials.snmp
    return [
        _group(
            instance(device),
            {
                **_device(view, device),
                "snmp": device.snmp,
                "snmp_version": credentials[device.snmp].version,
            },
            device.labels,
        )
        for device in topology.watched
        if device.address and device.snmp and _seen(view, device.site)
    ]


def _icmp(view: View) -> list[Group]:
    return [
        _group(str(device.address), _device(view, device), device.labels)
        for device in view.picture.topology.watched
        if device.address and _seen(view, device.site)
    ]


def _http(view: View) -> list[Group]:
    topology = view.picture.topology
    return [
        _group(service.target, _service(topology, service), service.labels)
        for service in topology.inventory.services
        if service.kind in _WEB and _seen(view, service.site)
    ]


def _seen(view: View, site: str | None) -> bool:
    """A service of no site is the network's, and in no county's sight."""
    topology = view.picture.topology
    return view.scope.sees(topology.county[topology.site[site]] if site else None)


def _device(view: View, device: Device) -> dict[str, str | None]:
    facts = view.picture.facts.get(device.id)
    return {
        "device": device.id,
        "role": device.role,
        "profile": None if device.profile == "auto" else device.profile,
        "vendor": facts.vendor if facts else None,
        **_place(view.picture.topology, device.site),
    }


def _service(topology: Topology, service: Service) -> dict[str, str | None]:
    place = _place(topology, service.site) if service.site else {}
    return {"service": service.id, "name": service.name, "kind": service.kind, **place}


def _place(topology: Topology, site_id: str) -> dict[str, str | None]:
    row = topology.site[site_id]
    site = topology.inventory.sites[row]
    return {
        "site": site.id,
        "site_name": site.name,
        "site_kind": site.kind,
        "site_code": site.code,
        "county": topology.county[row],
        "town": topology.town[row],
    }


def _group(target: str, told: Mapping[str, str | None], free: Mapping[str, str]) -> Group:
    """One target with labels of its own, which are dropped unless somebody relabels them."""
    labels = {f"__meta_edunet_{name}": value for name, value in told.items() if value}
    for name, value in free.items():
        # A label's name is ASCII; of a Chinese one nothing would be left.
        if spelt := re.sub(r"[^a-zA-Z0-9_]", "_", name).strip("_"):
            labels[f"__meta_edunet_label_{spelt}"] = str(value)
    return {"targets": [target], "labels": labels}
