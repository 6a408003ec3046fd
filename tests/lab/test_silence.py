"""Are the dead silent to ping, and does nothing of it stay behind?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

import lab
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab.silence import Silence

pytestmark = pytest.mark.skipif(not lab.able(), reason="needs nft and CAP_NET_ADMIN")

NAME = f"edunet_lab_test{os.getpid()}"
QUIET = IPv4Address(f"127.9.{os.getpid() % 250}.7")


def answers(address: object) -> bool:
    return (
        subprocess.run(
            ["ping", "-c1", "-W1", str(address)], stdout=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    )


def tables() -> set[str]:
    listed = subprocess.run(["nft", "-j", "list", "tables"], capture_output=True, check=True)
    return {e["table"]["name"] for e in json.loads(listed.stdout)["nftables"] if "table" in e}


@pytest.fixture
def silence() -> Iterator[Silence]:
    silence = Silence(NAME)
    silence.open()
    yield silence
    silence.close()


def test_a_hushed_address_does_not_answer_and_speaks_again_after(silence: Silence) -> None:
    assert answers(QUIET)

    silence.hush({QUIET})
    assert not answers(QUIET)

    silence.hush(set())
    assert answers(QUIET)


def test_closing_lets_everybody_speak_and_leaves_no_table(silence: Silence) -> None:
    silence.hush({QUIET})

    silence.close()
    silence.close()

    assert answers(QUIET)
    assert NAME not in tables()


def test_the_machines_own_address_is_spared(silence: Silence) -> None:
    silence.hush({IPv4Address("127.0.0.1")})

    assert answers("127.0.0.1")


def test_a_thousand_addresses_fall_silent_at_once(silence: Silence) -> None:
    silence.hush(IPv4Address("127.9.0.0") + n for n in range(2000))

    assert not answers("127.9.7.207")


def test_a_dead_citys_table_is_swept_away() -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    stale = Silence(f"edunet_lab_{int(gone.stdout)}")
    stale.open()

    fresh = Silence(NAME)
    fresh.open()
    found = tables()
    fresh.close()

    assert stale._name not in found


def test_what_nft_refuses_is_said() -> None:
    with pytest.raises(LabError, match="nft refuses"):
        Silence("no_such_table").hush({QUIET})


def test_a_cut_silences_ping_to_exactly_what_is_cut_off(
    played: lab.VirtualCity, elsewhere: Inventory
) -> None:
    assert played.pings
    assert played.reach == "icmp"
    at = {device.id: device.address for device in elsewhere.devices}

    played.ask("cut", "core-c3")
    assert [answers(at[name]) for name in ("c3-agg", "c3-s14-sw")] == [False, False]
    assert [answers(at[name]) for name in ("core", "c1-agg", "c2-s16-sw")] == [True, True, True]

    played.ask("heal", "core-c3")
    assert answers(at["c3-agg"])


def test_a_hung_agent_still_answers_ping(played: lab.VirtualCity, elsewhere: Inventory) -> None:
    played.ask("hang", "c3-agg")

    assert answers(next(d.address for d in elsewhere.devices if d.id == "c3-agg"))
