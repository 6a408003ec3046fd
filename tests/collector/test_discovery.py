"""What does it cost to know the ports of very many devices?"""

from __future__ import annotations

from collector.discovery import facts_of
from collector.transports import Found, Listed
from edunet.facts import Facts

WORDS = ("GE0/0/1", "GigabitEthernet0/0/1", "HUAWEI, GigabitEthernet0/0/1 Interface")


def listed() -> Facts:
    """One of many like it: each brings its own copy of the same words."""
    name, descr, alias, about, kind = (
        word.encode().decode() for word in (*WORDS, "S5735-L24T4S-A V200R021", "1.3.6.1.4.1.2011")
    )
    row = Listed(1, name, alias, descr)
    return facts_of(Found(about, kind, "sw", 0, (row,)), (), lambda _: 0, None)


def test_devices_that_say_the_same_share_the_words() -> None:
    one, other = listed(), listed()
    (mine,), (theirs,) = one.ports, other.ports

    assert WORDS == (mine.said, mine.descr, mine.alias)
    assert one == other
    assert mine.said is mine.name is theirs.said is theirs.name
    assert mine.descr is theirs.descr
    assert mine.alias is theirs.alias
    assert one.descr is other.descr
    assert one.object_id is other.object_id
