"""Host keys are OpenSSH's own format: recorded at first use, held to ever after."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from daemons import binary
from hypothesis import given
from hypothesis import strategies as st

from collector.hostkeys import HostKeys, fingerprint
from edunet.errors import AuthError, ConfigError, ProbeError

ED25519 = "ssh-ed25519"


def blob(number: int, kind: str = ED25519) -> bytes:
    """A public key of this kind, as RFC 8709 encodes it; the key itself is only a number."""
    name = kind.encode()
    return len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + number.to_bytes(32)


def keygen(*arguments: str | Path) -> str:
    argv = [binary("ssh-keygen"), *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


def test_a_recorded_key_is_found_by_openssh_and_is_private(path: Path) -> None:
    keys = HostKeys(path)
    keys.record("192.0.2.7", 22, ED25519, blob(1))
    keys.record("192.0.2.7", 2222, ED25519, blob(2))
    keys.record("2001:db8::7", 22, ED25519, blob(3))
    keys.record("2001:db8::7", 2222, ED25519, blob(4))

    for name in ("192.0.2.7", "[192.0.2.7]:2222", "2001:db8::7", "[2001:db8::7]:2222"):
        assert f"# Host {name} found: line" in keygen("-F", name, "-f", path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(path.parent.iterdir())  # no temporary file stays behind


def test_a_fingerprint_is_the_one_ssh_keygen_shows(path: Path) -> None:
    keys = HostKeys(path)
    keys.record("192.0.2.7", 22, ED25519, blob(1))

    assert fingerprint(blob(1)) in keygen("-l", "-f", path)


def test_keys_gathered_and_hashed_by_openssh_are_held_to(path: Path, tmp_path: Path) -> None:
    keygen("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    kind, encoded = (tmp_path / "key.pub").read_text().split()[:2]
    path.write_text(f"# gathered by hand\n\n[192.0.2.7]:2222,sw-7 {kind} {encoded} a remark\n")
    path.chmod(0o600)
    keygen("-q", "-H", "-f", path)
    assert "192.0.2.7" not in path.read_text()
    path.with_suffix(".old").unlink()

    keys = HostKeys(path)

    assert [kind] == [key.kind for key in keys.known("192.0.2.7", 2222)]
    assert () == keys.known("192.0.2.7", 22)
    with pytest.raises(AuthError):
        keys.record("192.0.2.7", 2222, ED25519, blob(9))


def test_what_stands_in_the_file_stays_as_it_is(path: Path) -> None:
    old = f"# our core, do not touch\nsw-1 {ED25519} {_encoded(5)} by hand"
    path.write_text(old)
    path.chmod(0o600)

    HostKeys(path).record("192.0.2.7", 22, ED25519, blob(1))

    assert path.read_text() == f"{old}\n192.0.2.7 {ED25519} {_encoded(1)}\n"


def _encoded(number: int) -> str:
    import base64

    return base64.b64encode(blob(number)).decode()


def test_a_first_use_is_logged_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keys = HostKeys(path)
    for _ in range(3):
        keys.record("192.0.2.7", 22, ED25519, blob(1))

    assert 1 == len(caplog.records)
    assert f"192.0.2.7, recorded its host key {fingerprint(blob(1))}" in caplog.text


def test_another_key_is_refused_by_a_sentence_that_names_the_line(path: Path) -> None:
    path.write_text(f"# one\nother {ED25519} {_encoded(5)}\n")
    path.chmod(0o600)
    keys = HostKeys(path)
    keys.record("192.0.2.7", 22, ED25519, blob(1))

    with pytest.raises(AuthError) as caught:
        keys.record("192.0.2.7", 22, ED25519, blob(2))

    assert f"remove line 3 of {path}" in str(caught.value)
    assert [blob(1)] == [key.blob for key in keys.known("192.0.2.7", 22)]


def test_a_line_removed_by_hand_counts_at_once(path: Path) -> None:
    keys = HostKeys(path)
    keys.record("192.0.2.7", 22, ED25519, blob(1))
    path.write_text("")

    assert () == keys.known("192.0.2.7", 22)
    keys.record("192.0.2.7", 22, ED25519, blob(2))
    assert [blob(2)] == [key.blob for key in keys.known("192.0.2.7", 22)]


def test_first_answers_at_once_from_many_threads_and_processes_are_all_remembered(
    path: Path,
) -> None:
    # Two objects share no memory, as two processes do not.
    several = [HostKeys(path), HostKeys(path)]
    start = threading.Barrier(24)

    def record(number: int) -> None:
        start.wait()
        several[number % 2].record(f"192.0.2.{number}", 22, ED25519, blob(number))

    threads = [threading.Thread(target=record, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    again = HostKeys(path)
    assert [[blob(number)] for number in range(24)] == [
        [key.blob for key in again.known(f"192.0.2.{number}", 22)] for number in range(24)
    ]


def test_of_two_first_keys_of_one_device_only_one_is_believed(path: Path) -> None:
    keys, start = HostKeys(path), threading.Barrier(8)
    refused: list[int] = []

    def record(number: int) -> None:
        start.wait()
        try:
            keys.record("192.0.2.7", 22, ED25519, blob(number))
        except AuthError:
            refused.append(number)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 7 == len(refused)
    assert 1 == len(path.read_text().splitlines())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("192.0.2.7", "2: not a host key; correct or remove it", id="half a line"),
        pytest.param("192.0.2.7 ssh-ed25519 AAAA!", "2: not a host key", id="not base64"),
        pytest.param(f"sw ssh-rsa {_encoded(1)}", "2: not a key of kind 'ssh-rsa'", id="kind"),
        pytest.param(f"@revoked sw {ED25519} {_encoded(1)}", "2: not a host key", id="marker"),
        pytest.param(f"192.0.2.* {ED25519} {_encoded(1)}", "2: no patterns", id="pattern"),
        pytest.param(f"!sw {ED25519} {_encoded(1)}", "2: no patterns", id="negation"),
        pytest.param(f"|1|x {ED25519} {_encoded(1)}", "2: not a host key", id="half a hash"),
    ],
)
def test_a_damaged_file_lets_nobody_in_as_new(path: Path, line: str, complaint: str) -> None:
    good = HostKeys(path)
    good.record("192.0.2.9", 22, ED25519, blob(1))
    with path.open("a") as file:
        file.write(line + "\n")

    with pytest.raises(ConfigError) as caught:
        HostKeys(path)
    assert f"{path}:{complaint}" in str(caught.value)
    with pytest.raises(ProbeError, match="known_hosts:2"):
        good.known("192.0.2.7", 22)
    with pytest.raises(ProbeError, match="known_hosts:2"):
        good.record("192.0.2.7", 22, ED25519, blob(2))


def test_a_file_others_may_write_is_not_trusted(path: Path) -> None:
    path.write_text("")
    path.chmod(0o622)

    with pytest.raises(ConfigError, match="others may write it; run chmod 600"):
        HostKeys(path)


def test_a_folder_in_the_files_place_is_said(path: Path) -> None:
    path.mkdir(mode=0o700)

    with pytest.raises(ConfigError, match="directory"):
        HostKeys(path)


def test_a_file_of_unreasonable_size_is_not_read(path: Path) -> None:
    path.touch(mode=0o600)
    os.truncate(path, 100 * 1024 * 1024)

    with pytest.raises(ConfigError, match="over 16 MiB"):
        HostKeys(path)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_crash_the_reader(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known_hosts"
        path.touch(mode=0o600)
        path.write_bytes(raw)
        try:
            keys = HostKeys(path)
        except ConfigError:
            return

        assert () == keys.known("192.0.2.7", 22)
