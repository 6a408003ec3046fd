"""Devices: their state, what they say of themselves, their interfaces."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import queries
from api.source import APage, AView, answer

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


@router.get("")
def devices(view: AView, page: APage) -> Response:
    """Every device, in the inventory's order."""
    return answer(page.of(queries.devices(view.picture, view.scope, view.lang)))


@router.get("/{device}")
def device(view: AView, device: str) -> Response:
    """One device, with what it said by SNMP and SSH."""
    found = queries.device(view.picture, view.scope, view.lang, device)
    return answer(found or view.missing(device))


@router.get("/{device}/interfaces")
def interfaces(view: AView, page: APage, device: str) -> Response:
    """The interfaces of a device, in the order of ifIndex."""
    found = queries.interfaces(view.picture, view.scope, view.lang, device)
    return answer(page.of(view.missing(device) if found is None else found, key="name"))
