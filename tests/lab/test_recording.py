"""Does a recording answer what it says, to the byte, and is a broken line named?"""

from __future__ import annotations

import bz2
import os
from collections.abc import Iterator
from itertools import islice, pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
import snmpsim_data  # type: ignore[import-untyped]  # it is data
from pysnmp.proto import rfc1902
from questions import IF, IFX, SYS_DESCR, UPTIME, Oid, ask, read

from edunet.clock import ManualClock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import ber, recording
from lab.agent import Agent
from lab.city import City
from lab.recording import load

SWITCHES = Path(snmpsim_data.__file__).parent / "data/network/switch"
RUIJIE = SWITCHES / "ruijie-s5750-24gt12sfp.snmprec.bz2"
PLAYED = [
    RUIJIE,
    SWITCHES / "cts-media-converter.snmprec.bz2",
    SWITCHES / "metel-poe-box.snmprec.bz2",
]
OURS = sorted(Path(os.environ.get("EDUNET_RECORDINGS", "/nowhere")).glob("*.snmprec"))
NUMBERS = {"2", "65", "66", "67", "70"}


@pytest.fixture
def agent(city: City) -> Agent:
    return Agent(city, "c3-agg", "public")


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "device.snmprec"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def said(path: Path) -> dict[Oid, tuple[str, bytes]]:
    """OID, tag and value of every line: the same file, read in another way."""
    text = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    lines: dict[Oid, tuple[str, bytes]] = {}
    for line in text.replace(b"\r", b"").split(b"\n"):
        if line and not line.startswith(b"#"):
            oid, tag, value = line.split(b"|", 2)
            lines.setdefault(tuple(map(int, oid.split(b"."))), (tag.decode(), value))
    return lines


def agree(tag: str, recorded: bytes, answered: Any) -> bool:
    """Whether pysnmp reads from the wire what stands in the line."""
    if tag.endswith("e"):
        return bytes(answered) == recorded.decode("unicode_escape").encode("latin-1")
    if tag.endswith("x"):
        text = recorded.decode()
        return bytes(answered) == bytes.fromhex(text + "0" * (len(text) % 2))
    if tag in NUMBERS:
        return int(answered) == int(recorded)
    if tag == "6":
        return tuple(answered) == tuple(map(int, recorded.strip(b".").split(b".")))
    if tag == "64":
        return bool(rfc1902.IpAddress(recorded.decode()) == answered)
    return tag == "5" or bytes(answered) == recorded


def walk(agent: Agent, start: Oid = (0, 0)) -> Iterator[tuple[Oid, Any]]:
    """Everything behind this OID, by getbulk, until the view ends."""
    last = start
    while True:
        for last, value in read(agent.answer(ask(ber.GETBULK, [last], 0, 40))).binds:  # noqa: B020
            if type(value).__name__ == "EndOfMibView":
                return
            yield last, value


@pytest.mark.parametrize("path", [*PLAYED, *OURS], ids=lambda path: path.name)
def test_a_recording_is_answered_to_the_byte(city: City, agent: Agent, path: Path) -> None:
    city.play("c3-agg", load(path))
    lines = said(path)

    walked = list(walk(agent))

    assert [oid for oid, _ in walked] == sorted(lines)
    for oid, value in walked:
        tag, recorded = lines[oid]
        if not tag.endswith(":numeric"):
            assert int(tag.rstrip("xe")) in {sum(part) for part in value.tagSet}, oid
            assert agree(tag, recorded, value), oid


@pytest.mark.skipif(not OURS, reason="EDUNET_RECORDINGS names no folder of recordings")
def test_there_are_recordings_of_our_own() -> None:
    assert OURS


def test_get_and_getnext_agree_with_the_walk(city: City, agent: Agent) -> None:
    city.play("c3-agg", load(RUIJIE))
    walked = list(islice(walk(agent), 300))

    for (oid, value), (after, _) in pairwise(walked):
        assert read(agent.answer(ask(ber.GET, [oid]))).binds == [(oid, value)]
        assert read(agent.answer(ask(ber.GETNEXT, [oid]))).binds[0][0] == after


def test_version_1_reads_it_without_its_64_bit_counters(city: City, agent: Agent) -> None:
    city.play("c3-agg", load(RUIJIE))
    lines = said(RUIJIE)
    row = next(oid for oid in lines if oid[:-1] == (*IFX, 6))

    assert read(agent.answer(ask(ber.GET, [SYS_DESCR], version=ber.V1))).error == 0
    assert read(agent.answer(ask(ber.GET, [row], version=ber.V1))).error == 2
    (next_oid, _), *_ = read(agent.answer(ask(ber.GETNEXT, [row], version=ber.V1))).binds
    assert next_oid == min(oid for oid, (tag, _) in lines.items() if oid > row and tag != "70")


def test_a_kind_is_laid_over_a_recording_too(city: City, agent: Agent) -> None:
    city.play("c3-agg", load(RUIJIE))
    city.act("c3-agg", "32bit")

    found = takewhile(lambda oid: oid[:10] == IFX, (oid for oid, _ in walk(agent, IFX)))
    recorded = {oid for oid in said(RUIJIE) if oid[:10] == IFX}
    gone = {oid for oid in recorded if 6 <= oid[10] <= 13}
    assert gone
    assert set(found) == recorded - gone


def test_what_was_not_recorded_is_missing_as_a_device_says_it(city: City, agent: Agent) -> None:
    city.play("c3-agg", load(RUIJIE))

    values = read(agent.answer(ask(ber.GET, [(*IF, 10, 9999), (1, 3, 9, 9)]))).binds

    assert [type(value).__name__ for _, value in values] == ["NoSuchInstance", "NoSuchObject"]


def test_a_value_longer_than_a_frame_goes_out_alone(
    city: City, agent: Agent, tmp_path: Path
) -> None:
    oids: list[Oid] = [(1, 3, 9, 1), (1, 3, 9, 2)]
    lines = "".join(f"{'.'.join(map(str, oid))}|4|{'x' * 3000}\n" for oid in oids)
    city.play("c3-agg", load(write(tmp_path, lines)))

    assert [len(bytes(v)) for _, v in read(agent.answer(ask(ber.GET, oids[:1]))).binds] == [3000]
    assert read(agent.answer(ask(ber.GET, oids))).error == 1
    bulk = read(agent.answer(ask(ber.GETBULK, [(1, 3)], 0, 9)))
    assert [oid for oid, _ in bulk.binds] == oids[:1]


def test_only_what_is_said_to_move_moves(
    city: City, agent: Agent, clock: ManualClock, tmp_path: Path
) -> None:
    other, big = (1, 3, 6, 1, 2, 1, 1, 7, 0), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1)
    text = (
        "1.3.6.1.2.1.1.3.0|67:numeric|rate=100,initial=4294967290\n"
        "1.3.6.1.2.1.1.7.0|2|78\n"
        "1.3.6.1.2.1.31.1.1.1.6.1|70:numeric|initial=18446744073709551000,rate=1,increasing=1\n"
    )
    city.play("c3-agg", load(write(tmp_path, text)))

    def values() -> list[int]:
        asked = ask(ber.GET, [UPTIME, other, big])
        return [int(value) for _, value in read(agent.answer(asked)).binds]

    assert values() == [4294967290, 78, 18446744073709551000]
    clock.advance(3)
    assert values() == [294, 78, 18446744073709551003]


def test_every_broken_line_is_told_but_not_a_million(tmp_path: Path) -> None:
    with pytest.raises(LabError) as refused:
        load(write(tmp_path, "1.3.1|4|a\nx\n1.3.2|2|b\n"))
    assert len(str(refused.value).splitlines()) == 2

    with pytest.raises(LabError) as refused:
        load(write(tmp_path, "x\n" * 1000))
    assert len(str(refused.value).splitlines()) == 20


def test_the_first_of_two_values_counts_and_the_other_is_told(tmp_path: Path) -> None:
    read = load(write(tmp_path, "1.3.2|4|a\n1.3.1|4|b\n1.3.2|4|c\n"))

    assert [ber.element(ber.OCTETS, text) for text in (b"b", b"a")] == read.values
    assert read.repeated == 1


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    fifo, packed, plain = tmp_path / "fifo", tmp_path / "cut.bz2", tmp_path / "plain.bz2"
    empty, long = tmp_path / "empty", tmp_path / "long"
    os.mkfifo(fifo)
    packed.write_bytes(RUIJIE.read_bytes()[:5000])
    plain.write_text("1.3.1|4|a\n")
    empty.write_text("# nothing\n")
    long.write_text("1.3.1|4|" + "x" * 200_000)

    for path, wrong in (
        (tmp_path, "this is no file"),
        (fifo, "this is no file"),
        (tmp_path / "none", "No such file or directory"),
        (Path("/dev/zero"), "this is no file"),
        (Path("a\0b"), "no name of a file"),
        (packed, "not whole, or not packed by bzip2"),
        (plain, "not whole, or not packed by bzip2"),
        (empty, "no object is recorded here"),
        (long, ":1: longer than 128 KiB"),
    ):
        with pytest.raises(LabError, match=wrong):
            load(path)


def test_a_bomb_is_defused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MAX_BYTES", 1 << 20)
    packed = tmp_path / "bomb.snmprec.bz2"
    packed.write_bytes(bz2.compress(b"#" * 99 + b"\n" + (b"#" * 99 + b"\n") * 20_000))
    with pytest.raises(LabError, match="more than 1,000,000 objects or 256 MiB"):
        load(packed)

    monkeypatch.setattr(recording, "MAX_OBJECTS", 2)
    with pytest.raises(LabError, match=":3: more than 2 objects"):
        load(write(tmp_path, "1.3.1|4|a\n1.3.2|4|a\n1.3.3|4|a\n"))


def test_one_file_is_read_once_however_many_play_it(sample: Inventory, tmp_path: Path) -> None:
    path = write(tmp_path, "1.3.6.1.2.1.1.1.0|4|x\n")
    labels = {"labels": {"lab-recording": str(path)}}
    devices = [d.model_copy(update=labels if i < 3 else {}) for i, d in enumerate(sample.devices)]

    city = City(sample.model_copy(update={"devices": tuple(devices)}), ManualClock())

    first, second, third = city.cast.parts.values()
    assert first.recording is second.recording is third.recording
    city.heal()
    assert len(city.cast.parts) == 3

    path.write_text("1.3.6.1.2.1.1.1.0|4|changed\n")
    assert city.cast.fetch(path) is not first.recording
