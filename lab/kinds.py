"""How may an agent behave? One entry a kind: what it shows, what it sends, and how late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from lab import ber
from lab.reply import too_big
from lab.view import Changed, Circling, View, Without, contents

Truth = Callable[[ber.Request], bytes]

_IFX_ENTRY: Final = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_SMALL: Final = 10  # varbinds that fit the agent of a cheap switch
_OVERSIZE: Final = 60_000
_IFX_TABLE: Final = ber.name(_IFX_ENTRY[:-1])
_NOBODYS_ID: Final = b"\x80\x00\x00\x01"  # negative, as no client makes them
# Single-byte arcs: what begins with these bytes lies in the column.
_HIGH_CAPACITY: Final = tuple(ber.name((*_IFX_ENTRY, column)) for column in range(6, 14))
_CHINESE: Final = {  # what a switch says that was set up in a Chinese terminal
    ber.name((1, 3, 6, 1, 2, 1, 1, 5)): "{}交换机",  # sysName
    ber.name((1, 3, 6, 1, 2, 1, 1, 6)): "{}机房",  # sysLocation
    ber.name((*_IFX_ENTRY, 18)): "至{}",  # ifAlias
}


def _as_it_is(view: View) -> View:
    return view


def _honest(asked: ber.Request, truth: Truth) -> bytes | None:
    return truth(asked)


class Kind(NamedTuple):
    """`view` changes what there is, `lie` what is sent; None is silence."""

    says: str
    view: Callable[[View], View] = _as_it_is
    lie: Callable[[ber.Request, Truth], bytes | None] = _honest
    delay_s: float = 0.0


def _without_high_capacity(view: View) -> View:
    return Without(view, lambda name, _value: contents(name).startswith(_HIGH_CAPACITY))


def _in_gbk(view: View) -> View:
    def change(name: bytes, value: bytes) -> bytes:
        oid, said = contents(name), contents(value).decode(errors="replace")
        spelt = next((how for column, how in _CHINESE.items() if oid.startswith(column)), None)
        if spelt is None or value[0] != ber.OCTETS or not said:
            return value
        return ber.element(ber.OCTETS, spelt.format(said).encode("gbk", "replace")[:255])

    return Changed(view, change)


def _of_wrong_type(_name: bytes, value: bytes) -> bytes:
    held = contents(value)
    if value[0] in {ber.COUNTER32, ber.COUNTER64, ber.GAUGE32}:
        return ber.element(ber.OCTETS, str(int.from_bytes(held)).encode())
    return ber.integer(len(held)) if value[0] == ber.OCTETS else value


def _first_version_only(asked: ber.Request, truth: Truth) -> bytes | None:
    return truth(asked) if asked.version == ber.V1 else None


def _no_bulk(asked: ber.Request, truth: Truth) -> bytes | None:
    if asked.kind == ber.GETBULK:
        return ber.response(asked, ber.asked_again(asked), ber.GEN_ERR, min(1, len(asked.names)))
    return truth(asked)


def _small(asked: ber.Request, truth: Truth) -> bytes | None:
    if len(asked.names) > _SMALL:
        return too_big(asked)
    repeated = max(1, len(asked.names) - asked.non_repeaters)
    rows = (_SMALL - min(asked.non_repeaters, len(asked.names))) // repeated
    return truth(asked._replace(max_repetitions=min(asked.max_repetitions, rows)))


def _half(asked: ber.Request, truth: Truth) -> bytes | None:
    return None if any(name.startswith(_IFX_TABLE) for name in asked.names) else truth(asked)


def _wrong_id(asked: ber.Request, truth: Truth) -> bytes | None:
    return truth(asked._replace(id=_NOBODYS_ID))


def _other_community(asked: ber.Request, truth: Truth) -> bytes | None:
    return truth(asked._replace(community=b"somebody-else"))


def _truncated(asked: ber.Request, truth: Truth) -> bytes | None:
    whole = truth(asked)
    return whole[: len(whole) // 2]


def _oversized(asked: ber.Request, _truth: Truth) -> bytes | None:
    padding = ber.element(ber.OCTETS, b"x" * _OVERSIZE)
    return ber.response(asked, b"".join(ber.bind(name, padding) for name in asked.names[:1]))


def _garbage(asked: ber.Request, truth: Truth) -> bytes | None:
    return bytes(byte ^ 0xA5 for byte in truth(asked))


HONEST: Final = "honest"
KINDS: Final[dict[str, Kind]] = {
    HONEST: Kind("answers as it should, in SNMPv1 and v2c"),
    "32bit": Kind("has no 64-bit counters; those of 32 bits wrap", view=_without_high_capacity),
    "v1": Kind("knows SNMPv1 alone", lie=_first_version_only),
    "slow": Kind("answers after 0.8 s", delay_s=0.8),
    "no-bulk": Kind("answers getbulk with genErr", lie=_no_bulk),
    "small": Kind("says tooBig to more than ten names, and sends ten rows at most", lie=_small),
    "half": Kind("is silent when ifXTable is asked for", lie=_half),
    "wrong-id": Kind("answers under another request id", lie=_wrong_id),
    "other-community": Kind("answers under another community", lie=_other_community),
    "truncated": Kind("sends the first half of each answer", lie=_truncated),
    "oversized": Kind("sends 60 kB whatever is asked", lie=_oversized),
    "loop": Kind("begins each column anew when a walk has reached its end", view=Circling),
    "wrong-types": Kind(
        "tells numbers as text and text as numbers", view=lambda view: Changed(view, _of_wrong_type)
    ),
    "gbk": Kind("spells sysName, sysLocation and ifAlias in GBK", view=_in_gbk),
    "garbage": Kind("sends bytes that mean nothing", lie=_garbage),
}
