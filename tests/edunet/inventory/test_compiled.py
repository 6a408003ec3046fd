"""An inventory as frames and back: nothing is lost, nothing is checked twice."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import get_args

import pytest

from edunet.generator import generate, to_yaml, wish
from edunet.inventory import Inventory, load
from edunet.inventory.compiled import SLICE, frames, restore
from edunet.inventory.packing import column

ROOT = Path(__file__).parents[3]
GOOD = Path(__file__).with_name("good.yaml")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    path = tmp_path_factory.mktemp("city") / "inventory.yaml"
    path.write_text(to_yaml(generate(wish(schools=1300)).sections), "utf-8")
    return load(path)


@pytest.mark.parametrize("path", [ROOT / "inventory.yaml", GOOD], ids=lambda path: path.name)
def test_what_comes_back_is_what_went(path: Path) -> None:
    """Equal, of the same types, with the same fields set, and itself a valid inventory."""
    went = load(path)
    came = restore(frames(went))

    assert came == went
    assert came.model_fields_set == went.model_fields_set
    assert came.model_dump_json(exclude_unset=True) == went.model_dump_json(exclude_unset=True)
    assert repr(came) == repr(went)


def test_a_city_of_many_slices_comes_back_in_order(city: Inventory) -> None:
    """Sections longer than a frame are put together again."""
    pieces = list(frames(city))

    assert len(city.links) > SLICE
    assert restore(pieces) == city
    assert [site.id for site in restore(pieces).sites] == [site.id for site in city.sites]


def test_what_came_back_can_be_copied_with_changes(city: Inventory) -> None:
    """Shared sets of names are never written into."""
    came = restore(frames(city))
    first, second = [device for device in came.devices if device.role == "access"][:2]
    changed = first.model_copy(update={"profile": "huawei_vrp"})

    assert "profile" in changed.model_fields_set
    assert "profile" not in first.model_fields_set | second.model_fields_set


def test_equal_texts_come_back_as_one(city: Inventory) -> None:
    """A device named by twenty links is spelt once in memory."""
    came = restore(frames(city))
    spelt = {device.id: device.id for device in came.devices}

    assert all(link.a.device is spelt[link.a.device] for link in came.links if link.a.device)


def test_a_frame_is_small(city: Inventory) -> None:
    """No frame may hold the interpreter for long."""
    assert max(map(len, frames(city))) < 400 * SLICE


def test_a_secret_travels_as_its_reference(city: Inventory) -> None:
    """The variable's name goes, not what it holds."""
    told = b"\n".join(frames(city))

    assert b'["env","SNMP_COMMUNITY"]' in told
    assert restore(told.split(b"\n")).credentials == city.credentials


@pytest.mark.parametrize("was", [True, False])
def test_the_collector_of_garbage_is_left_as_it_was(city: Inventory, was: bool) -> None:
    """Whether it runs is the process's affair; and nothing stays frozen."""
    before = gc.isenabled()
    (gc.enable if was else gc.disable)()
    try:
        restore(frames(city))
        with pytest.raises(ValueError, match="unexpected end"):
            restore([b"[]", b"{"])
        found = gc.isenabled(), gc.get_freeze_count()
    finally:
        (gc.enable if before else gc.disable)()

    assert found == (was, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"[]"], id="no section"),
        pytest.param([b"[]", b"{"], id="no json"),
        pytest.param([b"[]", b'["nonsense",[]]'], id="no such section"),
        pytest.param([b"[]", b'["sites",[2,["id"],{}]]'], id="a column too short"),
    ],
)
def test_what_is_no_inventory_is_refused(wrong: list[bytes]) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        restore(wrong)


def test_every_field_of_the_schema_can_travel() -> None:
    """A field of a type that nobody can write would stop every reload."""
    for field in Inventory.model_fields.values():
        column(
            get_args(field.annotation)[0] if "tuple" in str(field.annotation) else field.annotation
        )


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(TypeError, match="no column for"):
        column(complex)
    with pytest.raises(TypeError, match="no column for either"):
        column(int | dict[str, int])


def test_frames_are_lines_of_json(city: Inventory) -> None:
    """No frame holds a line's end, so lines part them."""
    for frame in frames(city):
        assert b"\n" not in frame
        json.loads(frame)
