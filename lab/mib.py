"""Which objects does an agent have, and what is each worth now?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from lab import ber
from lab.city import City
from lab.ports import Port

_32: Final = 0xFFFFFFFF
_63: Final = 0x7FFFFFFFFFFFFFFF  # a counter of 64 bits lives less than 60,000 years at 100 Gbit/s
IF_ENTRY: Final = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX_ENTRY: Final = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_FRAME: Final = 820  # octets in a mean frame of school traffic: packets follow octets
_ERROR: Final = 400_000_000  # octets to a damaged frame, at a worn splice
_DISCARD: Final = 900_000_000
WORN: Final = 0  # of a hardware address, by eight
SHORT: Final = 1


class Now(NamedTuple):
    """One device at the moment of one question; `seen` keeps what its ports counted."""

    city: City
    device: str
    time: int
    seen: dict[int, tuple[int, int]]

    def octets(self, port: Port) -> tuple[int, int]:
        """Octets in and out, read once per question so that all columns agree."""
        counted = self.seen.get(port.if_index)
        if counted is None:
            counted = self.seen[port.if_index] = self.city.octets(port, self.time)
        return counted


Read = Callable[[Now, Port], bytes]


@dataclass(frozen=True, slots=True)
class Own:
    """An object that differs between devices which are built alike: a name, a hardware address."""

    read: Read

    def __call__(self, now: Now, port: Port) -> bytes:
        return self.read(now, port)


@dataclass(frozen=True, slots=True)
class Field:
    """A number that the city's state decides: so many times `per` of what `SOURCES` names.

    Everything that is neither this nor `Own` stands still for devices that are built alike.
    """

    tag: int
    source: str
    per: int = 1
    mask: int = _32

    def __call__(self, now: Now, port: Port) -> bytes:
        return ber.number(self.tag, SOURCES[self.source](now, port) // self.per & self.mask)


def _integer(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.INTEGER, value(now, port))


def _gauge(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.GAUGE32, min(value(now, port), _32))


def _text(value: Callable[[Now, Port], str]) -> Read:
    return lambda now, port: ber.element(ber.OCTETS, value(now, port).encode()[:255])


def _nothing(tag: int) -> Read:
    encoded = ber.number(tag, 0)
    return lambda _now, _port: encoded


def _ticks(source: str) -> Field:
    return Field(ber.TIMETICKS, source, 10)


def _count32(source: str, per: int = 1) -> Field:
    return Field(ber.COUNTER32, source, per)


def _count64(source: str, per: int = 1) -> Field:
    return Field(ber.COUNTER64, source, per, _63)


# What the numbers of the city come from: octets, milliseconds, states, starts.
SOURCES: Final[dict[str, Callable[[Now, Port], int]]] = {
    "in": lambda now, port: now.octets(port)[0],
    "out": lambda now, port: now.octets(port)[1],
    # One port in eight has a worn splice, one is short of buffers: what passes those.
    "worn": lambda now, port: now.octets(port)[0] if port.mac[-1] % 8 == WORN else 0,
    "short": lambda now, port: now.octets(port)[1] if port.mac[-1] % 8 == SHORT else 0,
    "oper": lambda now, port: 1 if now.city.is_up(port) else 2,
    "changed": lambda now, port: now.city.changed_ms(port),
    "uptime": lambda now, _port: now.city.uptime_ms(now.device, now.time),
    "boots": lambda now, _port: now.city.boots(now.device),
    "renumbered": lambda now, _port: now.city.renumbered_ms(now.device),
}


def _oid(numbers: tuple[int, ...]) -> Read:
    encoded = ber.element(ber.OID, ber.name(numbers))
    return lambda _now, _port: encoded


def _site(now: Now, _port: Port) -> str:
    return now.city.sites[now.city.devices[now.device].site].name


def _description(now: Now, _port: Port) -> str:
    role = now.city.devices[now.device].role or "switch"
    return f"edunet lab virtual {role}, {len(now.city.ports[now.device])} ports"


def _engine_id(now: Now, _port: Port) -> bytes:
    # RFC 3411: enterprise 8072 (Net-SNMP) with the top bit set, format 4 = text.
    return ber.element(ber.OCTETS, b"\x80\x00\x1f\x88\x04" + now.device.encode()[:27])


# One object without a row: its OID and how it is read.
SCALARS: Final[dict[tuple[int, ...], Read]] = {
    (1, 3, 6, 1, 2, 1, 1, 1, 0): _text(_description),  # sysDescr
    (1, 3, 6, 1, 2, 1, 1, 2, 0): _oid((1, 3, 6, 1, 4, 1, 8072, 3, 2, 255)),  # sysObjectID
    (1, 3, 6, 1, 2, 1, 1, 3, 0): _ticks("uptime"),  # sysUpTime
    (1, 3, 6, 1, 2, 1, 1, 4, 0): _text(lambda _now, _port: ""),  # sysContact
    (1, 3, 6, 1, 2, 1, 1, 5, 0): Own(_text(lambda now, _port: now.device)),  # sysName
    (1, 3, 6, 1, 2, 1, 1, 6, 0): Own(_text(_site)),  # sysLocation
    (1, 3, 6, 1, 2, 1, 1, 7, 0): _integer(lambda _now, _port: 2),  # sysServices: a bridge
    (1, 3, 6, 1, 2, 1, 2, 1, 0): _integer(  # ifNumber
        lambda now, _port: len(now.city.ports[now.device])
    ),
    (1, 3, 6, 1, 2, 1, 31, 1, 5, 0): _ticks("renumbered"),  # ifTableLastChange
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0): Own(_engine_id),  # snmpEngineID
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0): Field(ber.INTEGER, "boots"),  # snmpEngineBoots
    # snmpEngineTime, in seconds
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0): Field(ber.INTEGER, "uptime", 1000),
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 4, 0): _integer(lambda _now, _port: 1472),  # snmpEngineMaxMsgSize
}

# One column of a table of ports: its OID without the ifIndex.
COLUMNS: Final[dict[tuple[int, ...], Read]] = {
    (*IF_ENTRY, 1): _integer(lambda _now, port: port.if_index),  # ifIndex
    (*IF_ENTRY, 2): _text(lambda _now, port: port.name),  # ifDescr
    (*IF_ENTRY, 3): _integer(lambda _now, _port: 6),  # ifType: ethernetCsmacd
    (*IF_ENTRY, 4): _integer(lambda _now, _port: 1500),  # ifMtu
    (*IF_ENTRY, 5): _gauge(lambda _now, port: port.speed),  # ifSpeed
    (*IF_ENTRY, 6): Own(lambda _now, port: ber.element(ber.OCTETS, port.mac)),  # ifPhysAddress
    (*IF_ENTRY, 7): _integer(lambda _now, _port: 1),  # ifAdminStatus: up
    (*IF_ENTRY, 8): Field(ber.INTEGER, "oper"),  # ifOperStatus
    (*IF_ENTRY, 9): _ticks("changed"),  # ifLastChange
    (*IF_ENTRY, 10): _count32("in"),  # ifInOctets
    (*IF_ENTRY, 11): _count32("in", _FRAME),  # ifInUcastPkts
    (*IF_ENTRY, 12): _count32("in", _FRAME * 200),  # ifInNUcastPkts
    (*IF_ENTRY, 13): _nothing(ber.COUNTER32),  # ifInDiscards
    (*IF_ENTRY, 14): _count32("worn", _ERROR),  # ifInErrors
    (*IF_ENTRY, 15): _nothing(ber.COUNTER32),  # ifInUnknownProtos
    (*IF_ENTRY, 16): _count32("out"),  # ifOutOctets
    (*IF_ENTRY, 17): _count32("out", _FRAME),  # ifOutUcastPkts
    (*IF_ENTRY, 18): _count32("out", _FRAME * 200),  # ifOutNUcastPkts
    (*IF_ENTRY, 19): _count32("short", _DISCARD),  # ifOutDiscards
    (*IF_ENTRY, 20): _nothing(ber.COUNTER32),  # ifOutErrors
    (*IF_ENTRY, 21): _nothing(ber.GAUGE32),  # ifOutQLen
    (*IF_ENTRY, 22): _oid((0, 0)),  # ifSpecific
    (*IFX_ENTRY, 1): _text(lambda _now, port: port.name),  # ifName
    (*IFX_ENTRY, 2): _count32("in", _FRAME * 400),  # ifInMulticastPkts
    (*IFX_ENTRY, 3): _count32("in", _FRAME * 400),  # ifInBroadcastPkts
    (*IFX_ENTRY, 4): _count32("out", _FRAME * 400),  # ifOutMulticastPkts
    (*IFX_ENTRY, 5): _count32("out", _FRAME * 400),  # ifOutBroadcastPkts
    (*IFX_ENTRY, 6): _count64("in"),  # ifHCInOctets
    (*IFX_ENTRY, 7): _count64("in", _FRAME),  # ifHCInUcastPkts
    (*IFX_ENTRY, 8): _count64("in", _FRAME * 400),  # ifHCInMulticastPkts
    (*IFX_ENTRY, 9): _count64("in", _FRAME * 400),  # ifHCInBroadcastPkts
    (*IFX_ENTRY, 10): _count64("out"),  # ifHCOutOctets
    (*IFX_ENTRY, 11): _count64("out", _FRAME),  # ifHCOutUcastPkts
    (*IFX_ENTRY, 12): _count64("out", _FRAME * 400),  # ifHCOutMulticastPkts
    (*IFX_ENTRY, 13): _count64("out", _FRAME * 400),  # ifHCOutBroadcastPkts
    (*IFX_ENTRY, 14): _integer(lambda _now, _port: 1),  # ifLinkUpDownTrapEnable: enabled
    (*IFX_ENTRY, 15): _gauge(lambda _now, port: port.speed // 1_000_000),  # ifHighSpeed
    (*IFX_ENTRY, 16): _integer(lambda _now, _port: 2),  # ifPromiscuousMode: false
    (*IFX_ENTRY, 17): _integer(lambda _now, _port: 1),  # ifConnectorPresent: true
    (*IFX_ENTRY, 18): Own(_text(lambda _now, port: port.alias)),  # ifAlias
    (*IFX_ENTRY, 19): _nothing(ber.TIMETICKS),  # ifCounterDiscontinuityTime: none since the start
}
