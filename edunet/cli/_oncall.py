"""Who is told: the routes of `edunet.yaml` as a function of an alert."""

from __future__ import annotations

from collections.abc import Callable

from alerts.alert import Alert
from edunet.errors import ConfigError
from edunet.settings import Settings


def routes(settings: Settings) -> Callable[[Alert], list[str]]:
    """Which channels an alert goes to: the first route that fits; without routes every channel.

    Raises:
        ConfigError: a route names a channel that is not there.
    """
    for written in settings.oncall.routes:
        if unknown := sorted(set(written.channels) - settings.channels.keys()):
            raise ConfigError(f"oncall: no channel {unknown[0]!r}; write it under channels:")

    def route(alert: Alert) -> list[str]:
        if not settings.oncall.routes:
            return list(settings.channels)
        for each in settings.oncall.routes:
            county, severity = each.match.county, each.match.severity
            counties = (county,) if isinstance(county, str) else county
            if (not counties or alert.county in counties) and (
                not severity or alert.severity in severity
            ):
                return list(each.channels)
        return []

    return route
