"""Is a right inventory read as it was meant?"""

from __future__ import annotations

import gc
from datetime import date
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from edunet.errors import ConfigError
from edunet.inventory import Inventory, examine, load
from edunet.inventory.include import gather

GOOD = Path(__file__).parent / "good.yaml"
HEAD = "network: {name: x}\nsites: [{id: city, kind: city, name: x}]\n"


def written(path: Path, text: str) -> Path:
    file = path / "inventory.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_right_inventory_has_no_findings() -> None:
    inventory, findings = examine(GOOD)

    assert [] == findings
    assert inventory == load(GOOD, strict=True)


def test_quantities_references_and_secrets_are_read() -> None:
    inventory = load(GOOD)
    school, uplink = inventory.sites[2], inventory.links[0]

    assert 10**9 == uplink.capacity
    assert 4 * 3600 == inventory.carriers[0].sla.repair
    assert IPv4Address("10.192.0.1") == inventory.devices[0].address
    assert ("core", "GE0/0/1") == (uplink.a.device, uplink.a.interface)
    assert school.is_school
    assert "SecretRef(${SNMP_COMMUNITY})" == repr(inventory.credentials.snmp["ro"].community)


@pytest.mark.parametrize(
    "text", ["no", "on", "2026-09-01", "08:30", "010", "1e3", "0x1F", "+86", "~x"]
)
def test_text_without_quotes_stays_what_the_writer_wrote(tmp_path: Path, text: str) -> None:
    site = f"{{id: city, kind: city, name: {text}, code: {text}, labels: {{on: {text}}}}}"
    inventory = load(written(tmp_path, f"network: {{name: x}}\nsites: [{site}]\n"))

    assert (text, text) == (inventory.sites[0].name, inventory.sites[0].code)
    assert {"on": text} == inventory.sites[0].labels


def test_an_id_may_be_a_yaml_word(tmp_path: Path) -> None:
    text = "network: {name: x}\nsites: [{id: no, kind: city, name: x}, "
    text += "{id: 2026-09-01, kind: idc, parent: no, name: x}]"

    assert ["no", "2026-09-01"] == [site.id for site in load(written(tmp_path, text)).sites]


def test_a_day_is_read_as_a_date(tmp_path: Path) -> None:
    text = "network: {name: x}\nsites: [{id: c, kind: city, name: x, opened: 2026-09-01}]"

    assert date(2026, 9, 1) == load(written(tmp_path, text)).sites[0].opened


def test_a_section_with_nothing_in_it_is_as_good_as_absent(tmp_path: Path) -> None:
    inventory = load(written(tmp_path, HEAD + "links:\ndevices: []\ncredentials:\n"))

    assert ((), ()) == (inventory.links, inventory.devices)


def test_one_vantage_needs_no_list(tmp_path: Path) -> None:
    text = (
        HEAD
        + "devices: [{id: core, site: city, address: 10.0.0.1}]\nvantage: {id: noc, device: core}"
    )

    assert "core" == load(written(tmp_path, text)).vantage[0].device


def test_one_address_may_serve_two_ports_and_a_pon_port_many_links(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
carriers: [{id: gdtv, name: x}]
devices:
  - {id: olt, site: city, address: "::1", port: 161}
  - {id: b, site: city, address: "::1", port: 1162}
links:
  - {id: p1, role: backbone, a: {device: olt, interface: p}, onu: 1, b: {site: city}, carrier: gdtv}
  - {id: p2, role: backbone, a: {device: olt, interface: p}, onu: 2, b: {site: city}, carrier: gdtv}
"""
    )
    assert [] == examine(written(tmp_path, text))[1]


def test_a_prefix_may_lie_within_that_of_a_site_above(tmp_path: Path) -> None:
    text = """\
network: {name: x}
sites:
  - {id: t1, kind: school, parent: c1, name: x, prefixes: [10.1.2.0/24, 10.1.2.0/25], access: none}
  - {id: c1, kind: city, parent: root, name: x, prefixes: [10.1.0.0/16]}
  - {id: root, kind: province, name: x, prefixes: [10.0.0.0/8, "2001:db8::/32"]}
"""
    assert [] == examine(written(tmp_path, text))[1]


def test_a_replay_needs_no_addresses_no_credentials_and_no_advice(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
devices: [{id: core, site: city, snmp: ro, ssh: ops}, {id: b, site: city}]
links:
  - {id: l, role: backbone, a: {device: core, interface: e1}, b: {site: city}, ducts: [d-1]}
"""
    )
    file = written(tmp_path, text)

    assert (2, []) == (
        len(load(file, strict=True, replay=True).devices),
        examine(file, replay=True)[1],
    )
    with pytest.raises(ConfigError, match="address is missing"):
        load(file)


def test_strict_turns_a_warning_into_an_error(tmp_path: Path) -> None:
    file = written(
        tmp_path, HEAD.replace("}]", "}, {id: c1, kind: county, parent: city, name: x}]")
    )

    assert isinstance(load(file), Inventory)
    with pytest.raises(ConfigError, match="no device stands in this county"):
        load(file, strict=True)


def test_all_findings_are_in_one_error_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = "network: {nme: x}\nsites:\n- {id: A, kind: city, name: x}\n"
    text += "- {id: b, kind: idc, parent: z}\n"
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, text))

    lines = [int(line.split(":")[1]) for line in str(raised.value).splitlines()]
    assert [1, 3, 4, 4, 4] == lines


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no file .*nope.yaml; write one, or name it by --inventory"
    ):
        load(tmp_path / "nope.yaml")
    with pytest.raises(ConfigError, match=r"cannot read .*: is a directory"):
        load(tmp_path)


def test_what_a_school_is_owed_is_the_larger_of_its_uplink_and_its_classes() -> None:
    urban = load(GOOD).standards["urban"]

    assert 1e9 == urban.required(24)
    assert 2e9 == urban.required(1000)
    assert 1e9 == urban.required(None)


def test_nothing_is_owed_by_the_class_to_a_school_of_unknown_classes(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + "standards: {s: {per_class: 1M}}")

    assert load(file).standards["s"].required(None) is None


def test_a_calendar_says_the_hours_of_a_week() -> None:
    calendar = load(GOOD).calendars[0]
    workday = ((470, 690), (810, 990))  # 07:50 is 7 * 60 + 50

    assert (*[workday] * 5, (), None) == calendar.week()
    assert (date(2026, 10, 1), date(2026, 10, 10)) == (
        calendar.holidays[0],
        calendar.extra_days[0],
    )


def test_what_a_service_expects_is_kept_as_text() -> None:
    portal, voice = load(GOOD).services

    assert {"status": ("200", "204"), "body": "登录"} == portal.expect
    assert ("sip", None, 60) == (voice.kind, voice.calendar, portal.interval)


def test_files_within_files_are_one_inventory(tmp_path: Path) -> None:
    (tmp_path / "counties").mkdir()
    written(
        tmp_path,
        HEAD
        + "standards: {a: {uplink: 1M}}\n"
        + 'credentials: {snmp: {ro: {version: 2c, community: "${A}"}}}\n'
        + "include: [counties/c1.yaml]\n",
    )
    (tmp_path / "counties" / "c1.yaml").write_text(
        "include: [../schools.csv, c1-links.yaml]\n"
        "sites: [{id: c1, kind: county, parent: city, name: x}]\n"
        "devices: [{id: agg, site: c1, address: 10.0.0.1, snmp: ro}]\n"
        'credentials: {snmp: {rw: {version: 2c, community: "${B}"}}}\n'
        "standards: {b: {uplink: 2M}}\n"
    )
    (tmp_path / "counties" / "c1-links.yaml").write_text(
        "carriers: [{id: g, name: x}]\n"
        "links: [{id: l, role: school_access, a: {device: agg, interface: e1}, b: {site: s1},"
        " carrier: g, committed: 2M}]\n"
    )
    (tmp_path / "schools.csv").write_text("id,kind,name,parent,standard\ns1,school,x,c1,b\n")

    inventory, findings = examine(tmp_path / "inventory.yaml")

    assert [] == findings
    assert inventory is not None
    assert (["city", "c1", "s1"], ["agg"], ["l"]) == tuple(
        [thing.id for thing in things]
        for things in (inventory.sites, inventory.devices, inventory.links)
    )
    assert {"a", "b"} == set(inventory.standards)
    assert {"ro", "rw"} == set(inventory.credentials.snmp)
    assert () == inventory.include


def test_all_that_an_inventory_includes_is_named_with_the_digest_of_its_bytes(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, HEAD + "include: [sites.csv]\n")
    (tmp_path / "sites.csv").write_text("id,kind,name,parent\n")

    assert [
        (str(one), sha256(one.read_bytes()).hexdigest()) for one in (file, tmp_path / "sites.csv")
    ] == [(document.file, document.sha256) for document in gather(file)]


def test_the_collector_of_garbage_runs_again_afterwards() -> None:
    load(GOOD)

    assert gc.isenabled()
