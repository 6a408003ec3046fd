"""Reading in a child: the same inventory, the same words, and no harm from a bad end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edunet.errors import ConfigError
from edunet.generator import generate, to_csv, to_yaml, wish
from edunet.inventory import load
from edunet.inventory.child import load_in_child

WRONG = Path(__file__).with_name("wrong") / "many-mistakes.yaml"


def _children() -> list[int]:
    """The children of this process that read inventories."""
    found = []
    for listed in Path("/proc/self/task").glob("*/children"):
        for pid in listed.read_text().split():
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and b"edunet.inventory.child" in command.read_bytes():
                found.append(int(pid))
    return found


@contextmanager
def _fifo(folder: Path) -> Iterator[Path]:
    """A file that opens and never says anything: who reads it hangs."""
    path = folder / "inventory.yaml"
    os.mkfifo(path)
    holding = os.open(path, os.O_RDWR)
    try:
        yield path
    finally:
        os.close(holding)


def test_a_child_reads_what_we_read(tmp_path: Path) -> None:
    """From YAML and from included tables, whichever folder we stand in."""
    city = generate(wish(counties=2, schools=80))
    (tmp_path / "one.yaml").write_text(to_yaml(city.sections), "utf-8")
    for name, text in to_csv(city.sections).items():
        (tmp_path / name).write_text(text, "utf-8", newline="")

    for name in ("one.yaml", "inventory.yaml"):
        assert load_in_child(tmp_path / name) == load(tmp_path / name)


def test_a_child_finds_what_we_find() -> None:
    """Every mistake, in the same words and with the same name of the file."""
    with pytest.raises(ConfigError) as ours:
        load(WRONG)
    with pytest.raises(ConfigError) as theirs:
        load_in_child(WRONG)

    assert str(theirs.value) == str(ours.value)
    assert len(str(ours.value).splitlines()) > 1


def test_strict_makes_an_error_of_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    city = generate(wish(counties=3, schools=61))
    path.write_text(to_yaml(city.sections), "utf-8")

    load_in_child(path)
    with pytest.raises(ConfigError) as told:
        load_in_child(path, strict=True)
    assert len(str(told.value).splitlines()) == len(city.planted)


def test_no_file_is_said_as_ever(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*none\.yaml; write one"):
        load_in_child(tmp_path / "none.yaml")


def test_a_child_that_hangs_is_ended_at_its_deadline(tmp_path: Path) -> None:
    """And nothing of it is left."""
    with _fifo(tmp_path) as path, pytest.raises(ConfigError, match=r"took longer than 0\.5 s"):
        load_in_child(path, deadline_s=0.5)

    assert _children() == []


def test_a_child_that_is_killed_is_an_error_with_words(tmp_path: Path) -> None:
    """As the kernel kills what eats all memory."""
    told: list[str] = []

    def reader(path: Path) -> None:
        try:
            load_in_child(path, deadline_s=60)
        except ConfigError as error:
            told.append(str(error))

    with _fifo(tmp_path) as path:
        thread = threading.Thread(target=reader, args=(path,))
        thread.start()
        deadline = time.monotonic() + 20
        while not (children := _children()) and time.monotonic() < deadline:
            thread.join(0.02)
        for child in children:
            os.kill(child, signal.SIGKILL)
        thread.join(20)

    assert len(told) == 1
    assert "came to a bad end: ended by SIGKILL, likely for want of memory" in told[0]


def test_a_child_that_wants_too_much_memory_is_an_error_with_words(tmp_path: Path) -> None:
    """Its address space is bounded; a large inventory ends it, not us."""
    path = tmp_path / "inventory.yaml"
    path.write_text(to_yaml(generate(wish(schools=3000, dense=True)).sections), "utf-8")
    resident = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    with pytest.raises(ConfigError, match=r"MB of memory|came to a bad end"):
        load_in_child(path, memory=min(resident, 100 * 2**20))


def test_a_package_of_our_name_in_this_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write beside an inventory does not thereby say what the child runs."""
    (tmp_path / "edunet").mkdir()
    (tmp_path / "edunet" / "__init__.py").write_text("open('ran', 'w').close()", "utf-8")
    (tmp_path / "inventory.yaml").write_text(
        to_yaml(generate(wish(counties=1, schools=3)).sections), "utf-8"
    )
    monkeypatch.chdir(tmp_path)

    assert len(load_in_child(Path("inventory.yaml")).sites) > 3
    assert not (tmp_path / "ran").exists()
