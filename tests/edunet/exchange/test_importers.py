"""Does what other tools export become an inventory that passes the check?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.errors import ConfigError
from edunet.exchange import librenms, lists, netbox
from edunet.exchange.draft import Draft
from edunet.exchange.ids import Ids, slug
from edunet.inventory import Inventory, load


def inventory_of(draft: Draft, folder: Path) -> Inventory:
    path = folder / "drafted.yaml"
    path.write_text(draft.text(), encoding="utf-8")
    return load(path)


def put(folder: Path, name: str, rows: list[dict[str, Any]], app: str = "dcim") -> None:
    """A list as NetBox's API answers it."""
    for row in rows:
        row["url"] = f"https://netbox.example/api/{app}/{name}/{row['id']}/"
    answer = {"count": len(rows), "next": None, "previous": None, "results": rows}
    (folder / f"{name}.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")


def port(number: int) -> list[dict[str, Any]]:
    return [{"object_type": "dcim.interface", "object_id": number}]


def export_netbox(folder: Path) -> None:
    put(folder, "regions", [
        {"id": 1, "name": "示例市", "slug": "shili", "parent": None},
        {"id": 2, "name": "城东区", "slug": "chengdong", "parent": {"id": 1}},
    ])  # fmt: skip
    put(folder, "sites", [
        {"id": 1, "name": "市教育局机房", "slug": "noc", "region": {"id": 1}, "latitude": 30.1},
        {"id": 2, "name": "城东实验小学", "slug": "", "region": {"id": 2}, "description": "老校区"},
        {"id": 3, "name": "城东区教育局", "slug": "cdj", "region": {"id": 2}},
    ])  # fmt: skip
    put(folder, "devices", [
        {"id": 10, "name": "Core-1", "site": {"id": 1}, "primary_ip": {"address": "10.0.0.1/24"}},
        {"id": 11, "name": "交换机", "site": {"id": 2}, "primary_ip": {"address": "10.0.0.2/24"}},
        {"id": 12, "name": "spare", "site": {"id": 2}, "primary_ip": None},
        {"id": 13, "name": "core_1", "site": {"id": 3}, "primary_ip4": {"address": "10.0.0.3/24"}},
    ])  # fmt: skip
    put(folder, "interfaces", [
        {"id": 100, "device": {"id": 10}, "name": "GE0/0/1", "speed": 1000000},
        {"id": 101, "device": {"id": 11}, "name": "GE0/0/24"},
        {"id": 102, "device": {"id": 10}, "name": "XGE0/0/1"},
        {"id": 103, "device": {"id": 12}, "name": "x"},
    ])  # fmt: skip
    put(folder, "cables", [
        {"id": 1, "a_terminations": port(101), "b_terminations": port(100)},
        {"id": 2, "a_terminations": port(102), "b_terminations": [
            {"object_type": "circuits.circuittermination", "object_id": 5}]},
        {"id": 3, "termination_a_type": "dcim.interface", "termination_a_id": 103,
         "termination_b_type": "dcim.interface", "termination_b_id": 100},
        {"id": 4, "a_terminations": [{"object_type": "dcim.rearport", "object_id": 1}],
         "b_terminations": port(100)},
    ])  # fmt: skip
    provider = {"id": 1, "name": "中国联通", "slug": "unicom"}
    put(folder, "circuits", [
        {"id": 1, "cid": "UN-1", "provider": provider, "commit_rate": 1000000},
        {"id": 2, "cid": "UN-2", "provider": provider},
    ], app="circuits")  # fmt: skip
    ends = [{"id": 5, "circuit": {"id": 1}, "site": {"id": 1}}]
    put(folder, "circuit-terminations", ends, app="circuits")
    put(folder, "racks", [{"id": 1, "name": "A1"}])


def test_netbox_becomes_an_inventory_without_errors(tmp_path: Path) -> None:
    export_netbox(tmp_path)
    made = netbox.draft([tmp_path])
    found = inventory_of(made, tmp_path)

    assert {
        "shili": ("city", None), "chengdong": ("county", "shili"), "noc": ("idc", "shili"),
        "cheng-dong-shi-yan-xiao-xue": ("school", "chengdong"), "cdj": ("centre", "chengdong"),
    } == {site.id: (site.kind, site.parent) for site in found.sites}  # fmt: skip
    assert ["core-1", "jiao-huan-ji", "core-1-2"] == [device.id for device in found.devices]
    access, egress = found.links
    assert ("school_access", "core-1", "jiao-huan-ji", 1e9) == (
        access.role, access.a.device, access.b.device, access.capacity,
    )  # fmt: skip
    assert ("idc_egress", "unicom", "XGE0/0/1", "UN-1", 1e9) == (
        egress.role, egress.a.carrier, egress.b.interface, egress.circuit, egress.committed,
    )  # fmt: skip
    assert [
        "left out: racks.json: 1 racks",
        "left out: device spare: no primary address",
        "left out: cable 3: a device at its end was left out",
        "left out: cable 4: it does not run between two interfaces",
        "left out: circuit UN-2: no device of ours is cabled to it",
    ] == made.left


def test_the_same_export_gives_the_same_text(tmp_path: Path) -> None:
    export_netbox(tmp_path)

    assert netbox.draft([tmp_path]).text() == netbox.draft([tmp_path]).text()


def test_a_list_that_goes_on_is_said(tmp_path: Path) -> None:
    put(tmp_path, "sites", [{"id": 1, "name": "A"}])
    path = tmp_path / "sites.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"next": null', '"next": "?offset=50"')
    )

    assert (
        "left out: sites.json: the list goes on; export it with ?limit=0"
        in netbox.draft([path]).left
    )


def test_librenms_becomes_an_inventory_without_errors(tmp_path: Path) -> None:
    devices = [
        {"device_id": 1, "hostname": "10.0.0.1", "sysName": "core.edu", "location": "机房"},
        {
            "device_id": 2,
            "hostname": "sw2",
            "ip": "10.0.0.2",
            "location": "城东实验小学",
            "port": 161,
        },
        {"device_id": 3, "hostname": "sw3", "ip": "10.0.0.3", "location": "", "port": 1161},
        {"device_id": 4, "hostname": "nameless", "location": "x"},
    ]
    links = [
        {"id": 1, "local_device_id": 2, "local_port_id": 20, "remote_device_id": 1,
         "remote_port": "G1", "active": 1},
        {"id": 2, "local_device_id": 1, "local_port_id": 10, "remote_device_id": 2,
         "remote_port_id": 20, "remote_port": "G24", "active": 1},
        {"id": 3, "local_device_id": 1, "local_port_id": 11, "remote_device_id": 3,
         "remote_port": "G1", "active": 1},
        {"id": 4, "local_device_id": 1, "local_port_id": 12, "remote_device_id": 0,
         "remote_hostname": "phone", "remote_port": "x", "active": 1},
    ]  # fmt: skip
    ports = [
        {"port_id": 10, "device_id": 1, "ifName": "G1"},
        {"port_id": 11, "device_id": 1, "ifName": "G2"},
        {"port_id": 20, "device_id": 2, "ifName": "G24"},
    ]
    for name, rows in (("devices", devices), ("links", links), ("ports", ports)):
        text = json.dumps({"status": "ok", name: rows}, ensure_ascii=False)
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")

    made = librenms.draft([tmp_path])
    found = inventory_of(made, tmp_path)

    assert [("core", 161), ("sw2", 161), ("sw3", 1161)] == [(d.id, d.port) for d in found.devices]
    assert [("core", "G1", "sw2", "G24"), ("core", "G2", "sw3", "G1")] == [
        (link.a.device, link.a.interface, link.b.device, link.b.interface) for link in found.links
    ]
    assert [
        "left out: device nameless: it has no address, but the name 'nameless'",
        "left out: link 4: phone is not among the devices",
    ] == made.left


def test_librenms_tables_of_text_are_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "devices.csv"
    path.write_text("device_id,hostname,location\n1,10.0.0.1,机房\n", encoding="utf-8")

    assert ["10-0-0-1"] == [
        one.id for one in inventory_of(librenms.draft([path]), tmp_path).devices
    ]


def test_lists_without_ids_find_each_other_by_name(tmp_path: Path) -> None:
    schools = tmp_path / "学校名单.csv"
    schools.write_bytes(
        "序号,学校名称,类型,上级,班级数,联系电话\r\n"
        "1,示例市,市,,,\r\n2,城东区,区,示例市,,\r\n3,城东小学,小学,城东区,２４,010-1\r\n"
        "4,城东小学,教学点,城东区,2,\r\n".encode("gb18030")
    )
    devices = tmp_path / "设备.csv"
    devices.write_text("设备名称,所属站点,IP地址\n核心,示例市,10.0.0.1\n", encoding="utf-8")
    links = tmp_path / "线路.csv"
    links.write_text(
        "类型,甲端设备,甲端端口,乙端学校,签约带宽\n学校接入,核心,G1,城东小学,100M\n",
        encoding="utf-8",
    )

    found = inventory_of(lists.draft([schools, devices, links]), tmp_path)

    assert [
        ("shi-li-shi", None, None), ("cheng-dong-qu", "shi-li-shi", None),
        ("cheng-dong-xiao-xue", "cheng-dong-qu", 24), ("cheng-dong-xiao-xue-2", "cheng-dong-qu", 2),
    ] == [(site.id, site.parent, site.classes) for site in found.sites]  # fmt: skip
    (link,) = found.links
    assert ("he-xin", "cheng-dong-xiao-xue") == (link.a.device, link.b.site)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", r"sites.json:1: not JSON: expecting property name"),
        ("[" * 100_000, "not JSON that can be read"),
        ("1" * 5000, "not JSON that can be read"),
        ('"text"', "this is 'text', no list of objects"),
        ("[1]", "no list of objects"),
        ('{"detail": "Authentication credentials were not provided."}', "this is nothing"),
        ("[]", "no sites among the files"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sites.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=said):
        netbox.draft([path])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = ["id", "name", "slug", "parent", "region", "site", "device", "primary_ip", "status", "speed",
        "a_terminations", "b_terminations", "termination_a", "cid", "provider", "commit_rate",
        "circuit", "latitude", "device_id", "hostname", "ip", "location", "local_device_id",
        "remote_device_id", "local_port_id", "port_id", "ifName"]  # fmt: skip
hostile = st.lists(
    st.dictionaries(st.sampled_from(KEYS), values, max_size=8), min_size=1, max_size=4
)


@settings(max_examples=100, deadline=None)
@given(rows=st.dictionaries(st.sampled_from(netbox.TABLES), hostile))
def test_hostile_values_make_a_draft_or_a_clear_error(
    rows: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    for name, listed in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(listed), encoding="utf-8")
    for draft in (netbox.draft, librenms.draft):
        try:
            made = draft([folder]).text()
        except ConfigError:
            continue
        assert made.startswith("# Drafted from")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("瑞安市", "rui-an-shi"),
        ("Core_SW-1", "core-sw-1"),
        ("ＡＢ１", "ab1"),
        ("——", ""),
        ("é", "e"),
    ],
)
def test_a_name_becomes_an_id(name: str, made: str) -> None:
    assert made == slug(name)


@given(names=st.lists(st.text(max_size=80)))
def test_ids_are_well_formed_and_unique(names: list[str]) -> None:
    ids = Ids()
    made = [ids.take(name, otherwise="thing") for name in names]

    assert len(made) == len(set(made))
    assert all(one.isascii() and len(one) <= 64 and one[0].isalnum() for one in made)
