"""What routes and pages answer, made of a picture within a scope; the shapes are the API's."""

from api.queries.alerts import alerts
from api.queries.devices import device, devices, interfaces
from api.queries.links import link, links
from api.queries.network import counties, network
from api.queries.schools import school, schools, seen

__all__ = [
    "alerts", "counties", "device", "devices", "interfaces", "link", "links", "network", "school",
    "schools", "seen",
]  # fmt: skip
