"""The cache: there at once when nothing changed, never believed when anything did."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import orjson
import pytest

from edunet.errors import ConfigError
from edunet.generator import generate, to_csv, wish
from edunet.inventory import Inventory, load
from edunet.inventory.cache import NAME, load_cached

NO_TIME = 0.001  # seconds: no child can read anything in it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A city in tables, with its cache already made in `data`."""
    city = generate(wish(counties=3, schools=61))
    for name, text in to_csv(city.sections).items():
        (tmp_path / name).write_text(text, "utf-8", newline="")
    load_cached(tmp_path / "inventory.yaml", tmp_path / "data")
    return tmp_path / "inventory.yaml"


def _from_cache(path: Path) -> Inventory | None:
    """The inventory if the cache alone gives it."""
    try:
        return load_cached(path, path.parent / "data", deadline_s=NO_TIME)
    except ConfigError as error:
        assert "took longer" in str(error)  # noqa: PT017 (anything else is a failure)
        return None


def test_what_did_not_change_is_there_without_a_child(path: Path) -> None:
    assert _from_cache(path) == load(path)


@pytest.mark.parametrize("name", ["inventory.yaml", "links.csv"])
def test_what_changed_is_read_anew(path: Path, name: str) -> None:
    """The inventory itself, or a file it includes."""
    changed = path.with_name(name)
    text = changed.read_text("utf-8")
    changed.write_text(text.replace("unicom,LT-000001", "unicom,LT-7"), "utf-8", newline="")
    if name == "inventory.yaml":
        changed.write_text(text.replace("示例市教育城域网", "新城教育城域网"), "utf-8")

    assert _from_cache(path) is None
    assert load_cached(path, path.parent / "data") == load(path)
    assert _from_cache(path) == load(path)


def test_what_became_wrong_is_not_hidden_by_the_cache(path: Path) -> None:
    """A good inventory of yesterday does not answer for today's."""
    path.with_name("devices.csv").unlink()

    with pytest.raises(ConfigError, match=r"no file 'devices\.csv'"):
        load_cached(path, path.parent / "data")


@pytest.mark.parametrize("at", [0.0, 0.02, 0.5, 0.99])
def test_a_damaged_cache_is_made_anew(path: Path, at: float) -> None:
    """One wrong byte, wherever it is, and the files are read."""
    kept = path.parent / "data" / NAME
    good = bytearray(kept.read_bytes())
    bad = good.copy()
    bad[int(at * len(bad))] ^= 0x15
    kept.write_bytes(bad)

    assert _from_cache(path) is None
    assert load_cached(path, path.parent / "data") == load(path)
    assert _from_cache(path) == load(path)


@pytest.mark.parametrize("size", [0, 1, 400, -1])
def test_a_cut_cache_is_made_anew(path: Path, size: int) -> None:
    kept = path.parent / "data" / NAME
    kept.write_bytes(kept.read_bytes()[:size])

    assert _from_cache(path) is None


def test_a_cache_of_another_version_is_made_anew(path: Path) -> None:
    """Other code might have read the same files otherwise."""
    kept = path.parent / "data" / NAME
    head, _, rest = kept.read_bytes().partition(b"\n")
    kept.write_bytes(orjson.dumps({**orjson.loads(head), "by": "0" * 64}) + b"\n" + rest)

    assert _from_cache(path) is None


def test_a_whole_cache_of_nonsense_is_made_anew(path: Path) -> None:
    """Right digests over wrong frames are an error of ours, not of the user's."""
    kept = path.parent / "data" / NAME
    head = orjson.loads(kept.read_bytes().partition(b"\n")[0])
    rest = b'[]\n["sites",[1,["id"],{"id":7}]]'
    head["sha256"] = hashlib.sha256(rest).hexdigest()
    kept.write_bytes(orjson.dumps(head) + b"\n" + rest)

    assert load_cached(path, path.parent / "data") == load(path)


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o644])
def test_a_cache_that_others_may_touch_is_not_believed(path: Path, mode: int) -> None:
    """It is written again, for us alone."""
    kept = path.parent / "data" / NAME
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.chmod(mode)

    assert _from_cache(path) is None
    assert load_cached(path, path.parent / "data") == load(path)
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_cache_of_somebody_else_is_not_believed(path: Path) -> None:
    os.chown(path.parent / "data" / NAME, 65534, 65534)

    assert _from_cache(path) is None


def test_a_link_in_the_place_of_the_cache_is_not_followed(path: Path) -> None:
    """Neither to read what lies there, nor to write over it."""
    kept = path.parent / "data" / NAME
    elsewhere = path.parent / "elsewhere"
    kept.rename(elsewhere)
    before = elsewhere.read_bytes()
    kept.symlink_to(elsewhere)

    assert _from_cache(path) is None
    load_cached(path, path.parent / "data")
    assert not kept.is_symlink()
    assert elsewhere.read_bytes() == before


def test_strict_remembers_what_was_doubted(path: Path) -> None:
    """From the cache the same warnings, word for word."""
    with pytest.raises(ConfigError) as fresh:
        load(path, strict=True)
    with pytest.raises(ConfigError) as kept:
        load_cached(path, path.parent / "data", strict=True, deadline_s=NO_TIME)

    assert str(kept.value) == str(fresh.value)


def test_no_secret_lies_in_the_cache(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a variable holds is not there; and one that was written out keeps nothing there."""
    kept = path.parent / "data" / NAME
    monkeypatch.setenv("SNMP_COMMUNITY", "open-sesame")
    kept.unlink()
    load_cached(path, path.parent / "data")
    assert b"open-sesame" not in kept.read_bytes()

    kept.unlink()
    path.write_text(path.read_text("utf-8").replace("${SNMP_COMMUNITY}", "open-sesame"), "utf-8")
    load_cached(path, path.parent / "data")
    assert not kept.exists()


def test_a_data_folder_that_cannot_be_written_costs_only_time(path: Path) -> None:
    """The inventory is there all the same."""
    (path.parent / "file").write_text("", "utf-8")

    assert load_cached(path, path.parent / "file") == load(path)
