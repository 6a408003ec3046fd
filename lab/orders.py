"""What may be done to the city, and what must an order say for it?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edunet.errors import LabError
from lab.city import City
from lab.quality import quality
from lab.recording import Recording, load

Order = dict[str, Any]
Act = Callable[[City, str, Order], None]


def _degrade(city: City, link: str, order: Order) -> None:
    said = (order.get(key, 0.0) for key in ("loss", "delay_s", "jitter_s"))
    city.degrade(link, quality(*said))


def _agent(city: City, device: str, order: Order) -> None:
    city.act(device, _text(order, "kind"))


ACTS: dict[str, Act] = {
    "cut": lambda city, link, _: city.cut(link),
    "degrade": _degrade,
    "flap": lambda city, link, _: city.flap(link),
    "hang": lambda city, device, _: city.hang(device),
    "agent": _agent,
    "reboot": lambda city, device, _: city.reboot(device),
    "reindex": lambda city, device, _: city.reindex(device),
    "power-on": lambda city, site, _: city.power(site, on=True),
    "power-off": lambda city, site, _: city.power(site, on=False),
}


def perform(city: City, order: object, recording: Recording | None = None) -> None:
    """Do one thing to the city. `recording` is the one to play, where it has been read already.

    Raises:
        LabError: there is no such order, or it names nothing that exists.
    """
    if not isinstance(order, dict):
        raise LabError('an order is a JSON object such as {"do": "status"}')
    verb, what = order.get("do"), order.get("what")
    if what is not None and not isinstance(what, str):
        raise LabError("`what` is not the id of anything")
    if verb == "status":
        return
    if verb == "heal":
        city.heal(what)
        return
    if verb != "play" and (not isinstance(verb, str) or verb not in ACTS):
        known = ", ".join(("status", "heal", *ACTS, "play"))
        raise LabError(f"no order {str(verb)[:40]!r}; choose one of {known}")
    if what is None:
        raise LabError(f"{verb} what? name it in `what`")
    if verb == "play":
        city.play(what, recording or load(Path(_text(order, "file"))))
    else:
        ACTS[verb](city, what, order)


def recording_of(order: object) -> Path | None:
    """The file an order wants to be played; None: it wants something else, or says it wrongly."""
    if isinstance(order, dict) and order.get("do") == "play" and isinstance(order.get("what"), str):
        return Path(_text(order, "file"))
    return None


def _text(order: Order, key: str) -> str:
    value = order.get(key)
    if not isinstance(value, str) or not value:
        raise LabError(f"{order['do']} needs `{key}`, a text")
    return value
