"""How does a dead device fall silent, when the kernel answers every ping to 127.0.0.0/8?

By packets dropped in a table of nftables that is ours alone and goes when we go.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from edunet.errors import LabError

_TABLE: Final = re.compile(r"edunet_lab_(\d{1,10})")
MARK: Final = 0xED17  # of the pings the lab answers itself
_CAP_NET_ADMIN: Final = 12
_DEADLINE_S: Final = 5.0
# The machine itself speaks from 127.0.0.1: to drop it would cut off far more than a school.
_SPARED: Final = IPv4Address("127.0.0.1")


def able() -> bool:
    """Whether this process may silence addresses: nft is there, and CAP_NET_ADMIN."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return False
    caps = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    if not caps or not int(caps[1], 16) >> _CAP_NET_ADMIN & 1 or not shutil.which("nft"):
        return False
    try:
        _nft("--check", "-f", "-", script=_table("edunet_lab_check"))
    except LabError:
        return False
    return True


def sweep() -> None:
    """Remove the tables of cities whose process is gone.

    Raises:
        LabError: nft refuses.
    """
    listed = json.loads(_nft("--json", "list", "tables") or "{}").get("nftables", [])
    for name in (entry.get("table", {}).get("name", "") for entry in listed):
        match = _TABLE.fullmatch(name)
        if match and not Path(f"/proc/{match[1]}").exists():
            _nft("delete", "table", "inet", name)


class Silence:
    """The sets of addresses from which nothing is heard, and where the kernel answers no ping."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name or f"edunet_lab_{os.getpid()}"
        self._sets: dict[str, frozenset[IPv4Address]] = {}

    def open(self) -> None:
        """Make the table, after sweeping away those of dead processes.

        Raises:
            LabError: nft refuses.
        """
        sweep()
        _nft("-f", "-", script=_table(self._name))

    def hush(self, addresses: Iterable[IPv4Address]) -> None:
        """Drop all packets to and from these addresses, and from now on no others.

        Raises:
            LabError: nft refuses.
        """
        self._fill("dead", frozenset(addresses) - {_SPARED})

    def take_over(self, addresses: Iterable[IPv4Address]) -> None:
        """Drop what the kernel answers to a ping to these addresses: somebody else answers.

        Raises:
            LabError: nft refuses.
        """
        self._fill("slow", frozenset(addresses) - {_SPARED})

    def _fill(self, name: str, wanted: frozenset[IPv4Address]) -> None:
        held = self._sets.get(name, frozenset())
        script = ""
        for verb, changed in (("add", wanted - held), ("delete", held - wanted)):
            if changed:
                listed = ", ".join(map(str, sorted(changed)))
                script += f"{verb} element inet {self._name} {name} {{ {listed} }}\n"
        if script:
            _nft("-f", "-", script=script)
        self._sets[name] = wanted

    def close(self) -> None:
        """Let everybody speak again. Calling it twice, or without `open`, does no harm."""
        both = f"add table inet {self._name}\ndelete table inet {self._name}\n"
        _nft("-f", "-", script=both)
        self._sets = {}


def _table(name: str) -> str:
    return f"""
table inet {name} {{
  set dead {{ type ipv4_addr; }}
  set slow {{ type ipv4_addr; }}
  chain input {{
    type filter hook input priority -10; policy accept;
    iifname "lo" ip daddr @dead drop
    iifname "lo" ip saddr @dead drop
  }}
  chain output {{
    type filter hook output priority -10; policy accept;
    oifname "lo" ip saddr @slow icmp type echo-reply meta mark != {MARK} drop
  }}
}}
"""


def _nft(*words: str, script: str = "") -> str:
    try:
        ran = subprocess.run(
            ["nft", *words],
            input=script,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"nft cannot be run: {type(error).__name__}") from None
    if ran.returncode:
        said = ran.stderr.strip().splitlines()
        raise LabError(f"nft refuses: {said[0][:200] if said else 'no reason given'}")
    return ran.stdout
