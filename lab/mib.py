"""Which objects does an agent have, and what is each worth now?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from lab import ber
from lab.city import City
from lab.ports import Port

_32 = 0xFFFFFFFF
IF_ENTRY: Final = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX_ENTRY: Final = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_FRAME: Final = 820  # octets in a mean frame of school traffic: packets follow octets


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


def _integer(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.INTEGER, value(now, port))


def _gauge(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.GAUGE32, min(value(now, port), _32))


def _ticks(milliseconds: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.TIMETICKS, milliseconds(now, port) // 10 & _32)


def _text(value: Callable[[Now, Port], str]) -> Read:
    return lambda now, port: ber.element(ber.OCTETS, value(now, port).encode()[:255])


def _count32(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.COUNTER32, value(now, port) & _32)


def _count64(value: Callable[[Now, Port], int]) -> Read:
    return lambda now, port: ber.number(ber.COUNTER64, value(now, port))


def _in(now: Now, port: Port) -> int:
    return now.octets(port)[0]


def _out(now: Now, port: Port) -> int:
    return now.octets(port)[1]


def _errors(now: Now, port: Port) -> int:
    """One port in eight has a worn splice: a damaged frame in every 400 MB received."""
    return now.octets(port)[0] // 400_000_000 if port.mac[-1] % 8 == 0 else 0


def _discards(now: Now, port: Port) -> int:
    """One port in eight is short of buffers."""
    return now.octets(port)[1] // 900_000_000 if port.mac[-1] % 8 == 1 else 0


def _none(_now: Now, _port: Port) -> int:
    return 0


def _every(frames: int, of: Callable[[Now, Port], int]) -> Callable[[Now, Port], int]:
    """One frame of so many, of all the frames in these octets."""
    return lambda now, port: of(now, port) // (_FRAME * frames)


def _speed(_now: Now, port: Port) -> int:
    return port.speed


def _oper(now: Now, port: Port) -> int:
    return 1 if now.city.is_up(port) else 2


def _uptime(now: Now, _port: Port) -> int:
    return now.city.uptime_ms(now.device, now.time)


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
    (1, 3, 6, 1, 2, 1, 1, 3, 0): _ticks(_uptime),  # sysUpTime
    (1, 3, 6, 1, 2, 1, 1, 4, 0): _text(lambda _now, _port: ""),  # sysContact
    (1, 3, 6, 1, 2, 1, 1, 5, 0): _text(lambda now, _port: now.device),  # sysName
    (1, 3, 6, 1, 2, 1, 1, 6, 0): _text(_site),  # sysLocation
    (1, 3, 6, 1, 2, 1, 1, 7, 0): _integer(lambda _now, _port: 2),  # sysServices: a bridge
    (1, 3, 6, 1, 2, 1, 2, 1, 0): _integer(  # ifNumber
        lambda now, _port: len(now.city.ports[now.device])
    ),
    (1, 3, 6, 1, 2, 1, 31, 1, 5, 0): _ticks(  # ifTableLastChange
        lambda now, _port: now.city.renumbered_ms(now.device)
    ),
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0): _engine_id,  # snmpEngineID
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0): _integer(  # snmpEngineBoots
        lambda now, _port: now.city.boots(now.device)
    ),
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0): _integer(  # snmpEngineTime, in seconds
        lambda now, port: _uptime(now, port) // 1000
    ),
    (1, 3, 6, 1, 6, 3, 10, 2, 1, 4, 0): _integer(lambda _now, _port: 1472),  # snmpEngineMaxMsgSize
}

# One column of a table of ports: its OID without the ifIndex.
COLUMNS: Final[dict[tuple[int, ...], Read]] = {
    (*IF_ENTRY, 1): _integer(lambda _now, port: port.if_index),  # ifIndex
    (*IF_ENTRY, 2): _text(lambda _now, port: port.name),  # ifDescr
    (*IF_ENTRY, 3): _integer(lambda _now, _port: 6),  # ifType: ethernetCsmacd
    (*IF_ENTRY, 4): _integer(lambda _now, _port: 1500),  # ifMtu
    (*IF_ENTRY, 5): _gauge(_speed),  # ifSpeed
    (*IF_ENTRY, 6): lambda _now, port: ber.element(ber.OCTETS, port.mac),  # ifPhysAddress
    (*IF_ENTRY, 7): _integer(lambda _now, _port: 1),  # ifAdminStatus: up
    (*IF_ENTRY, 8): _integer(_oper),  # ifOperStatus
    (*IF_ENTRY, 9): _ticks(lambda now, port: now.city.changed_ms(port)),  # ifLastChange
    (*IF_ENTRY, 10): _count32(_in),  # ifInOctets
    (*IF_ENTRY, 11): _count32(_every(1, _in)),  # ifInUcastPkts
    (*IF_ENTRY, 12): _count32(_every(200, _in)),  # ifInNUcastPkts
    (*IF_ENTRY, 13): _count32(_none),  # ifInDiscards
    (*IF_ENTRY, 14): _count32(_errors),  # ifInErrors
    (*IF_ENTRY, 15): _count32(_none),  # ifInUnknownProtos
    (*IF_ENTRY, 16): _count32(_out),  # ifOutOctets
    (*IF_ENTRY, 17): _count32(_every(1, _out)),  # ifOutUcastPkts
    (*IF_ENTRY, 18): _count32(_every(200, _out)),  # ifOutNUcastPkts
    (*IF_ENTRY, 19): _count32(_discards),  # ifOutDiscards
    (*IF_ENTRY, 20): _count32(_none),  # ifOutErrors
    (*IF_ENTRY, 21): _gauge(_none),  # ifOutQLen
    (*IF_ENTRY, 22): _oid((0, 0)),  # ifSpecific
    (*IFX_ENTRY, 1): _text(lambda _now, port: port.name),  # ifName
    (*IFX_ENTRY, 2): _count32(_every(400, _in)),  # ifInMulticastPkts
    (*IFX_ENTRY, 3): _count32(_every(400, _in)),  # ifInBroadcastPkts
    (*IFX_ENTRY, 4): _count32(_every(400, _out)),  # ifOutMulticastPkts
    (*IFX_ENTRY, 5): _count32(_every(400, _out)),  # ifOutBroadcastPkts
    (*IFX_ENTRY, 6): _count64(_in),  # ifHCInOctets
    (*IFX_ENTRY, 7): _count64(_every(1, _in)),  # ifHCInUcastPkts
    (*IFX_ENTRY, 8): _count64(_every(400, _in)),  # ifHCInMulticastPkts
    (*IFX_ENTRY, 9): _count64(_every(400, _in)),  # ifHCInBroadcastPkts
    (*IFX_ENTRY, 10): _count64(_out),  # ifHCOutOctets
    (*IFX_ENTRY, 11): _count64(_every(1, _out)),  # ifHCOutUcastPkts
    (*IFX_ENTRY, 12): _count64(_every(400, _out)),  # ifHCOutMulticastPkts
    (*IFX_ENTRY, 13): _count64(_every(400, _out)),  # ifHCOutBroadcastPkts
    (*IFX_ENTRY, 14): _integer(lambda _now, _port: 1),  # ifLinkUpDownTrapEnable: enabled
    (*IFX_ENTRY, 15): _gauge(lambda _now, port: port.speed // 1_000_000),  # ifHighSpeed
    (*IFX_ENTRY, 16): _integer(lambda _now, _port: 2),  # ifPromiscuousMode: false
    (*IFX_ENTRY, 17): _integer(lambda _now, _port: 1),  # ifConnectorPresent: true
    (*IFX_ENTRY, 18): _text(lambda _now, port: port.alias),  # ifAlias
    (*IFX_ENTRY, 19): _ticks(_none),  # ifCounterDiscontinuityTime: none since the start
}
