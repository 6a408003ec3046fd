"""What exists and what was promised: the schema of `inventory.yaml`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edunet.inventory.calendars import Calendar, Term
from edunet.inventory.credentials import Auth, Credentials, Priv, Snmp, Ssh
from edunet.inventory.fields import Address, Day, Prefix, Profile, Reach, Timezone
from edunet.inventory.services import Service
from edunet.inventory.thing import Count, Id, Labels, Name, Port, Text, Thing
from edunet.model import Model
from edunet.units import BitRate, Duration

__all__ = [
    "SCHOOL_KINDS", "TABLES", "Auth", "Calendar", "Carrier", "Contact", "Credentials", "Device",
    "Duct", "End", "Id", "Include", "Inventory", "Labels", "Link", "LinkRole", "Medium", "Name",
    "Network", "PowerZone", "Priv", "Service", "Site", "SiteKind", "Sla", "Snmp", "Ssh", "Standard",
    "Term", "Text", "Thing", "Vantage",
]  # fmt: skip

SCHOOL_KINDS: Final = frozenset({"school", "teaching_point", "kindergarten", "university"})
SiteKind = Literal[
    "province", "city", "county", "township", "school", "teaching_point", "kindergarten",
    "university", "idc", "centre",
]  # fmt: skip
LinkRole = Literal[
    "backbone", "county_uplink", "township_uplink", "school_access", "idc_egress",
    "county_egress", "satellite",
]  # fmt: skip
Table = Literal[
    "vantage", "carriers", "standards", "power_zones", "ducts", "sites", "devices", "links",
    "services",
]  # fmt: skip
TABLES: Final[tuple[Table, ...]] = get_args(Table)
Medium = Literal["fibre", "pon", "copper", "4g", "satellite", "microwave"]


class Network(Model):
    name: Name
    timezone: Timezone = "Asia/Shanghai"
    locale: Literal["zh-CN", "en"] = "zh-CN"
    labels: Labels = Field(default_factory=dict)


class Vantage(Thing):
    """Where a collector stands: the device it sits behind."""

    device: Id


class Sla(Model):
    availability: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    repair: Duration | None = None


class Carrier(Thing):
    name: Name
    hotline: Text | None = None
    sla: Sla = Sla()


class Standard(Model):
    """The bandwidth a school is owed: so much per class, and never less than `uplink`. Bit/s."""

    per_class: BitRate | None = None
    uplink: BitRate | None = None
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_for_something(self) -> Standard:
        if self.per_class is None and self.uplink is None:
            raise PydanticCustomError("need", "a standard needs per_class or uplink; write one")
        return self

    def required(self, classes: int | None) -> float | None:
        """Bit/s that a school of so many classes is owed; None when its classes are not known."""
        by_class = None
        if self.per_class is not None:
            if classes is None:
                return self.uplink
            by_class = classes * self.per_class
        return max(rate for rate in (by_class, self.uplink) if rate is not None)


class PowerZone(Thing):
    name: Name


class Duct(Thing):
    name: Name
    length_m: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None = None
    owner: Id | None = None


class Contact(Model):
    name: Name
    phone: Text | None = None
    email: Text | None = None
    role: Text | None = None
    labels: Labels = Field(default_factory=dict)


class Site(Thing):
    """A place in the tree province > city > county > township > school > teaching point."""

    kind: SiteKind
    name: Name
    parent: Id | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    area: Literal["urban", "rural"] | None = None
    stage: Text | None = None
    classes: Count | None = None
    students: Count | None = None
    standard: Id | None = None
    calendar: Id | None = None
    power_zone: Id | None = None
    access: Literal["fibre", "copper", "pon", "4g", "satellite", "none"] | None = None
    watch: Literal["active", "reported"] = "active"
    prefixes: tuple[Prefix, ...] = ()
    rooms: Count | None = None
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    opened: Day | None = None
    closed: Day | None = None
    merged_into: Id | None = None
    tags: tuple[Name, ...] = ()
    contacts: tuple[Contact, ...] = ()

    @model_validator(mode="after")
    def _opened_first(self) -> Site:
        if self.opened and self.closed and self.closed < self.opened:
            raise PydanticCustomError(
                "days", "closed is before opened; exchange or correct the two days"
            )
        return self

    @property
    def is_school(self) -> bool:
        return self.kind in SCHOOL_KINDS

    @property
    def passive(self) -> bool:
        """Whether nobody asks it anything: there is no line to it, or somebody reports instead."""
        return self.watch == "reported" or self.access == "none"

    def open_on(self, day: date) -> bool:
        """Whether it is in use that day: opened, not closed yet, not merged into another."""
        merged = self.merged_into is not None and self.closed is None
        begun = self.opened is None or self.opened <= day
        return begun and not merged and (self.closed is None or day < self.closed)


class Device(Thing):
    """Something we ask. `reach` says how we learn that it is alive."""

    site: Id
    address: Address | None = None
    port: Port = 161
    snmp: Id | None = None
    ssh: Id | None = None
    ssh_port: Port = 22
    profile: Profile = "auto"
    reach: Reach = "icmp"
    interval: Duration | None = None
    role: Text | None = None
    installed: Day | None = None


class End(Model):
    """One end of a link: a port of a device, a site without one, or the carrier itself."""

    device: Id | None = None
    interface: Name | None = None
    site: Id | None = None
    carrier: Id | None = None

    @model_validator(mode="after")
    def _is_one_of_three(self) -> End:
        if self.device is not None and self.interface is None:
            raise PydanticCustomError("end", "a device end needs its interface; add interface: ...")
        kinds = [self.device is not None, self.site is not None, self.carrier is not None]
        if sum(kinds) != 1 or (self.device is None) != (self.interface is None):
            raise PydanticCustomError(
                "end",
                "an end is {shape}; write one of the three",
                {"shape": "{device, interface}, {site} or {carrier}"},
            )
        return self


class Link(Thing):
    """A circuit; `a` is the upstream end. `capacity` and `committed` in bit/s."""

    role: LinkRole
    a: End
    b: End
    capacity: BitRate | None = None
    committed: BitRate | None = None
    carrier: Id | None = None
    circuit: Text | None = None
    medium: Medium | None = None
    ducts: tuple[Id, ...] = ()
    fee: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    backup_of: Id | None = None
    onu: Annotated[int, Field(ge=0, le=65535)] | None = None

    @model_validator(mode="after")
    def _ends_where_they_belong(self) -> Link:
        if self.a.site:
            raise PydanticCustomError("end", "a is a site, which may only be b; swap the two ends")
        if self.b.carrier:
            raise PydanticCustomError(
                "end", "b is a carrier, which may only be a; swap the two ends"
            )
        if self.a.carrier and self.b.site:
            raise PydanticCustomError(
                "end", "no end is a device, so nothing can watch the link; name one device"
            )
        return self


def _either_way(schema: dict[str, Any]) -> None:
    """A file may be its name alone."""
    full = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string"}, full]


class Include(Model):
    """A further file. `table` says what a CSV file lists when its name does not."""

    model_config = ConfigDict(json_schema_extra=_either_way)

    file: Name
    table: Table | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, written: Any) -> Any:
        return {"file": written} if isinstance(written, str) else written


class Inventory(Model):
    """Everything that exists, as the files say it; references are checked by `check`.

    What was included is here, so `include` is empty once the files are read.
    """

    network: Network
    vantage: tuple[Vantage, ...] = ()
    credentials: Credentials = Credentials()
    carriers: tuple[Carrier, ...] = ()
    standards: dict[Id, Standard] = Field(default_factory=dict)
    calendars: tuple[Calendar, ...] = ()
    power_zones: tuple[PowerZone, ...] = ()
    ducts: tuple[Duct, ...] = ()
    sites: tuple[Site, ...] = Field(min_length=1)
    devices: tuple[Device, ...] = ()
    links: tuple[Link, ...] = ()
    services: tuple[Service, ...] = ()
    include: tuple[Include, ...] = ()

    @field_validator("vantage", mode="before")
    @classmethod
    def _one_or_many(cls, vantage: Any) -> Any:
        return [vantage] if isinstance(vantage, dict) else vantage
