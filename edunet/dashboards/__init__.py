"""What does Grafana show of a city: tables of panels, and the JSON made of them."""

from __future__ import annotations

from typing import Final

from edunet.dashboards import county, device, influx_city, influx_school, link, noc, school
from edunet.dashboards.city import CITY
from edunet.dashboards.grafana import text
from edunet.dashboards.panel import Dashboard

# File name -> what it holds.
DASHBOARDS: Final[dict[str, Dashboard]] = {
    "city.json": CITY,
    "county.json": county.DASHBOARD,
    "school.json": school.DASHBOARD,
    "link.json": link.DASHBOARD,
    "device.json": device.DASHBOARD,
    "noc.json": noc.DASHBOARD,
    "influx/city.json": influx_city.DASHBOARD,
    "influx/school.json": influx_school.DASHBOARD,
}

__all__ = ["DASHBOARDS", "Dashboard", "text"]
