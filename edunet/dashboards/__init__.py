"""What does Grafana show of a city: a table of panels, and the JSON made of it."""

from __future__ import annotations

from typing import Final

from edunet.dashboards.city import CITY
from edunet.dashboards.grafana import text
from edunet.dashboards.panel import Dashboard

# File name -> what it holds.
DASHBOARDS: Final[dict[str, Dashboard]] = {"city.json": CITY}

__all__ = ["DASHBOARDS", "Dashboard", "text"]
