"""What routes and pages answer, made of a picture within a scope; the shapes are the API's."""

from api.queries.alerts import alerts
from api.queries.devices import device, devices, interfaces
from api.queries.links import links
from api.queries.network import counties, network
from api.queries.schools import schools

__all__ = [
    "alerts", "counties", "device", "devices", "interfaces", "links", "network", "schools",
]  # fmt: skip
