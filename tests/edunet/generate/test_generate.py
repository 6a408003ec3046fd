"""The generator: same seed, same bytes; right by the checker, doubtful only where planted."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from edunet.cli import app
from edunet.errors import ConfigError
from edunet.generator import City, generate, to_csv, to_yaml, wish
from edunet.inventory import Finding, Inventory, examine
from edunet.topology import compile_topology

SIZES = [
    pytest.param({"counties": 13, "schools": 1101}, id="a city"),
    pytest.param({"counties": 1, "schools": 1}, id="one school"),
    pytest.param(
        {"counties": 3, "schools": 61, "seed": 7, "lab": True}, id="a small city in the lab"
    ),
    pytest.param({"counties": 2, "schools": 300, "dense": True}, id="dense"),
    pytest.param({"counties": 200, "schools": 250}, id="very many counties"),
    pytest.param({"counties": 1, "schools": 2500, "dense": True}, id="one very large county"),
]


def _examined(city: City, folder: Path) -> tuple[Inventory, list[Finding]]:
    path = folder / "one.yaml"
    path.write_text(to_yaml(city.sections), encoding="utf-8")
    inventory, findings = examine(path)
    assert inventory is not None, findings[:5]
    return inventory, findings


def _tables(city: City, folder: Path) -> Path:
    for name, text in to_csv(city.sections).items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / "inventory.yaml"


@pytest.mark.parametrize("size", SIZES)
def test_the_checker_doubts_exactly_what_was_planted(size: dict[str, Any], tmp_path: Path) -> None:
    """No errors, and one warning for each planted link: that link, of that kind."""
    city = generate(wish(**size))
    inventory, findings = _examined(city, tmp_path)

    assert sum(site.is_school for site in inventory.sites) == size["schools"]
    told: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        place = re.match(r"links\[(\d+)\]\.(committed|ducts)\b", finding.text)
        assert place, finding
        kind = {"committed": "thin contract", "ducts": "shared duct"}[place[2]]
        told[kind, inventory.links[int(place[1])].id] += 1
    assert told == Counter((one.kind, one.link) for one in city.planted)


@pytest.mark.parametrize("size", SIZES)
def test_the_tables_say_what_the_one_file_says(size: dict[str, Any], tmp_path: Path) -> None:
    """CSV and YAML are two spellings of one network."""
    city = generate(wish(**size))
    one, _ = _examined(city, tmp_path)
    many, findings = examine(_tables(city, tmp_path))

    assert many is not None, findings[:5]
    for section in ("sites", "devices", "links", "ducts", "power_zones", "carriers", "vantage"):
        by_id = [{thing.id: thing for thing in getattr(each, section)} for each in (one, many)]
        assert by_id[0] == by_id[1]
    assert (one.network, one.standards) == (many.network, many.standards)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """So two people can speak of the same invented network."""
    texts = [to_yaml(generate(wish(schools=200, seed=seed)).sections) for seed in (4, 4, 5)]

    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_any_reader_of_yaml_reads_the_same(tmp_path: Path) -> None:
    """Codes, versions and hotlines are quoted: no reader takes them for numbers."""
    city = generate(wish(counties=2, schools=60))
    read = yaml.safe_load(to_yaml(city.sections))

    assert read == city.sections
    assert all(isinstance(site.get("code", ""), str) for site in read["sites"])


def test_a_generated_network_has_what_real_ones_have(tmp_path: Path) -> None:
    """Rings of counties, dual homing, shared ducts, both areas, teaching points on the air."""
    inventory, _ = _examined(generate(wish()), tmp_path)
    topology = compile_topology(inventory)
    counties = [row for row, site in enumerate(inventory.sites) if site.kind == "county"]
    ducts = Counter(duct for link in inventory.links for duct in link.ducts)
    points = [site for site in inventory.sites if site.kind == "teaching_point"]

    ways = Counter(end for link in inventory.links for end in (link.a.device, link.b.device) if end)
    for row in counties:
        assert sum(ways[d.id] >= 2 for d in inventory.devices if d.site == inventory.sites[row].id)
    assert len(counties) == 13
    assert len(topology.schools) == 1101
    assert any(link.backup_of for link in inventory.links)
    assert max(ducts.values()) >= 4
    assert min(ducts.values()) >= 2
    assert {site.area for site in inventory.sites if site.is_school} == {"urban", "rural"}
    assert {"4g", "satellite", "fibre"} <= {site.access for site in points}
    assert {link.role for link in inventory.links} >= {"idc_egress", "backbone", "satellite"}
    assert {carrier.id for carrier in inventory.carriers} == {"unicom", "gdtv"}


def test_a_county_names_no_school_twice(tmp_path: Path) -> None:
    """Nobody at a help desk should have to ask which of two."""
    inventory, _ = _examined(generate(wish(counties=1, schools=2500)), tmp_path)
    names = Counter((site.parent, site.name) for site in inventory.sites)

    assert [name for name, number in names.items() if number > 1] == []


def test_what_cannot_be_granted_is_refused_with_a_way_out() -> None:
    """Neither nothing nor more than addresses allow."""
    with pytest.raises(ConfigError, match=r"schools: '0' is too small; write 1 or more"):
        wish(schools=0)
    with pytest.raises(ConfigError, match=r"counties: '201' is too large; write 200 or less"):
        wish(counties=201)
    with pytest.raises(ConfigError, match=r"30000 schools .* write --counties 2$"):
        wish(schools=30_000, counties=1)


def test_the_command_writes_and_never_overwrites(tmp_path: Path) -> None:
    """A wrong -o costs nobody the inventory he wrote by hand."""
    mine = tmp_path / "inventory.yaml"
    mine.write_text("mine", encoding="utf-8")
    words = ["inventory", "generate", "--schools", "20", "--counties", "2"]

    refused = CliRunner().invoke(app, [*words, "-o", str(mine)])
    made = CliRunner().invoke(app, [*words, "--format", "csv", "-o", str(tmp_path / "many")])

    assert (refused.exit_code, mine.read_text("utf-8")) == (2, "mine")
    assert "is already there; name another place by -o" in refused.stderr
    assert made.exit_code == 0
    assert "20 schools" in made.stderr
    checked = ["check", "--inventory", str(tmp_path / "many" / "inventory.yaml")]
    assert CliRunner().invoke(app, checked).exit_code == 0
