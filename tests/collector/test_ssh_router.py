"""A real router over a real sshd says of itself what its machine says."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import binary
from sshd import PASSWORD, USER, Router, router

from collector.hostkeys import HostKeys
from collector.probes.ssh import ask
from collector.profiles import load
from edunet.errors import AuthError
from edunet.inventory.model import Device, Ssh

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def frr() -> Iterator[Router]:
    with router() as running:
        yield running


def device(frr: Router) -> Device:
    return Device.model_validate(
        {"id": "core", "site": "city", "address": "127.0.0.1", "ssh": "ops", "ssh_port": frr.port}
    )


def by_key(path: Path) -> Ssh:
    return Ssh.model_validate({"username": USER, "key": {"file": str(path)}})


def by_password(path: Path, password: str = PASSWORD) -> Ssh:
    path.write_text(password + "\n")
    return Ssh.model_validate({"username": USER, "password": {"file": str(path)}})


def test_a_real_router_tells_its_version_and_the_state_of_every_port(
    frr: Router, tmp_path: Path
) -> None:
    answers = ask(
        device(frr), by_key(frr.private_key), load("frr"), HostKeys(tmp_path / "k"), timeout=30
    )

    packaged = subprocess.run(
        [binary("dpkg-query"), "-W", "-f", "${Version}", "frr"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert packaged.startswith(f"{answers.version}-")
    assert f"FRRouting {answers.version} " in frr.vtysh("show version")
    # FRR says neither what machine it runs on nor since when: unknown stays unknown.
    assert (None, None) == (answers.model, answers.uptime_s)
    # Loopback has no operational state in the kernel, FRR counts it as running; FRR does not tell
    # a port without carrier from one that is switched off.
    words = {"up": "up", "unknown": "up", "down": "down", "lowerlayerdown": "down"}
    kernel = frr.operstate()
    assert {"up", "unknown", "down", "lowerlayerdown"} == set(kernel.values())
    assert {name: words[state] for name, state in kernel.items()} == answers.interfaces


def test_a_password_lets_us_in_as_well_as_a_key(frr: Router, tmp_path: Path) -> None:
    hostkeys = HostKeys(tmp_path / "known_hosts")
    first = ask(device(frr), by_key(frr.private_key), load("frr"), hostkeys, timeout=30)
    second = ask(device(frr), by_password(tmp_path / "p"), load("frr"), hostkeys, timeout=30)

    assert first == second
    assert "Accepted password for netops" in frr.log()
    assert "Accepted publickey for netops" in frr.log()


def test_the_recorded_key_is_the_one_sshd_was_given(frr: Router, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    ask(device(frr), by_key(frr.private_key), load("frr"), HostKeys(path), timeout=30)

    assert f"[127.0.0.1]:{frr.port} {frr.host_key}\n" == path.read_text()


def test_a_key_sshd_was_not_given_is_a_changed_one(frr: Router, tmp_path: Path) -> None:
    keygen = [binary("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")]
    subprocess.run(keygen, check=True)
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    path = tmp_path / "known_hosts"
    path.write_text(f"# gathered\n[127.0.0.1]:{frr.port} {other}\n")
    path.chmod(0o600)
    logins = frr.log().count("Accepted")

    with pytest.raises(AuthError) as caught:
        ask(device(frr), by_password(tmp_path / "p"), load("frr"), HostKeys(path), timeout=30)

    assert f"remove line 2 of {path}" in str(caught.value)
    assert logins == frr.log().count("Accepted")


@pytest.mark.parametrize("how", ["key", "password"])
def test_a_login_sshd_refuses_is_a_refusal_and_shows_nothing(
    how: str, frr: Router, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    login = by_password(tmp_path / "p", "not the password 0815")
    if how == "key":
        keygen = [binary("ssh-keygen"), "-q", "-t", "rsa", "-N", "", "-f", str(tmp_path / "wrong")]
        subprocess.run(keygen, check=True)
        login = by_key(tmp_path / "wrong")

    with pytest.raises(AuthError) as caught:
        ask(device(frr), login, load("frr"), HostKeys(tmp_path / "k"), timeout=30)

    assert "core refuses our ssh login; check credentials.ssh.ops" == str(caught.value)
    assert "0815" not in caplog.text
    assert "PRIVATE KEY" not in caplog.text


def test_the_brief_table_is_not_asked_because_it_calls_a_dead_port_up(frr: Router) -> None:
    """Why profile frr asks `show interface`: with this, its comment cannot go stale."""
    line = next(
        line for line in frr.vtysh("show interface brief").splitlines() if line.startswith("d0 ")
    )

    assert "lowerlayerdown" == frr.operstate()["d0"]
    assert "up" == line.split()[1]
