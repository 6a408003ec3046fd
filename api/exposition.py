"""The network as Prometheus reads it: families of series in blocks, unknown values absent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, Literal, NamedTuple, get_args

import prometheus_client
from prometheus_client.openmetrics import exposition as of_openmetrics

from alerts.picture import Picture
from api.prom import values, words
from api.prom.plant import Plant
from api.prom.values import Sight, Told
from api.scope import Scope
from edunet.catalog import Catalog
from edunet.health import Health
from edunet.metrics import family

Group = Literal["interfaces", "links", "schools", "devices", "probes", "incidents", "own"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
_ROWS: Final = 1 << 15  # a block holds up all other threads: some 5 ms
_TELLS: Final[Mapping[str, Callable[[Sight], Iterator[Told]]]] = {
    "interfaces": values.interfaces,
    "links": values.links,
    "schools": values.schools,
    "devices": values.devices,
    "probes": values.probes,
    "incidents": values.incidents,
}


class Wish(NamedTuple):
    """What a scraper asks for: one county or all in sight, every port or those that are ends of
    links, which groups, in OpenMetrics or in text.
    """

    county: str | None = None
    every_port: bool = False
    groups: Collection[str] = GROUPS
    openmetrics: bool = False


class Exposition:
    """Writes pictures. Keeps the labels of the newest plant; any thread may ask."""

    def __init__(self) -> None:
        self._plant: Plant | None = None
        self._one = threading.Lock()

    def blocks(
        self, picture: Picture, catalog: Catalog, health: Health, scope: Scope, wish: Wish
    ) -> Iterator[bytes]:
        """Every series the scope sees and the wish names, in blocks of at most `_ROWS` series."""
        if wish.county is None or scope.sees(wish.county):
            narrowed = scope if wish.county is None else Scope(scope.role, wish.county)
            sight = Sight(picture, self._of(picture, catalog), narrowed, wish.every_port)
            for group, tell in _TELLS.items():
                if group in wish.groups:
                    for told in tell(sight):
                        yield from _written(told, wish.openmetrics)
        own = scope.county is None and "own" in wish.groups
        if wish.openmetrics:
            yield _own(health) if own else words.END
        elif own:
            yield prometheus_client.generate_latest(health.registry)

    def _of(self, picture: Picture, catalog: Catalog) -> Plant:
        """The labels of this picture's plant."""
        with self._one:  # written by one, waited for by all
            if self._plant is None or not self._plant.of(picture):
                self._plant = Plant(picture, catalog)
            return self._plant


def _written(told: Told, openmetrics: bool) -> Iterator[bytes]:
    for start in range(0, len(told.values), _ROWS):
        if start == 0:
            yield words.head(family(told.name), openmetrics)
        rows = slice(start, start + _ROWS)
        yield words.lines(told.name, told.labels[rows], told.values[rows])


def _own(health: Health) -> bytes:
    """The monitor's own metrics and the end of the exposition, by prometheus-client."""
    told: bytes = of_openmetrics.generate_latest(health.registry)  # type: ignore[no-untyped-call]
    return told
