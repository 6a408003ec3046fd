"""Valid inventories of any shape, for hypothesis."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from hypothesis import strategies as st

from edunet.inventory.model import LinkRole, Medium

names = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufffe\uffff"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and text.strip("\u3000\ufeff\u200b") == text)
tricky = st.sampled_from(
    ["=1+1", "+86 10", "-", "@SUM(A1)", "1/2", "no", "null", "3333000001", "_x000D_", "a、b", "[]",
     "a; b=c", "0010", "1e5", "2026-09-01", '"', "'", "a: b", "#", "{a}", "示例小学", "ＡＢ１",
     "1E400"]
)  # fmt: skip
texts = names | tricky
rates = st.sampled_from(["64k", "10M", "100M", "2.5G", "1G", "10G", "1.536M"])
days = st.dates(date(1950, 1, 1), date(2060, 1, 1)).map(str)
labels = st.dictionaries(st.sampled_from(["note", "address", "rack", "owner-2"]), texts, max_size=2)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


contacts = st.lists(
    st.fixed_dictionaries(
        {"name": texts}, optional={"phone": texts, "email": texts, "role": texts}
    ),
    max_size=3,
)
site_fields = optional(
    code=texts,
    area=st.sampled_from(["urban", "rural"]),
    stage=texts,
    classes=st.integers(0, 10**7),
    students=st.integers(0, 10**6),
    standard=st.just("rural"),
    power_zone=st.just("pz"),
    access=st.sampled_from(["fibre", "copper", "pon", "4g", "satellite", "none"]),
    watch=st.sampled_from(["active", "reported"]),
    rooms=st.integers(0, 500),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    opened=days,
    tags=st.lists(texts, max_size=3, unique=True),
    contacts=contacts,
    labels=labels,
)
device_fields = optional(
    port=st.integers(1, 65535),
    ssh_port=st.integers(1, 65535),
    profile=st.sampled_from(["auto", "huawei_vrp"]),
    reach=st.sampled_from(["icmp", "tcp/22"]),
    interval=st.sampled_from(["500ms", "60s", "5m", "4h", "1.5d"]),
    role=texts,
    installed=days,
    labels=labels,
)
link_fields = optional(
    capacity=rates,
    committed=rates,
    carrier=st.just("carrier"),
    circuit=texts,
    medium=st.sampled_from(get_args(Medium)),
    ducts=st.lists(st.sampled_from(["d-1", "d-2"]), unique=True),
    fee=st.floats(0, 1e6),
    labels=labels,
)


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    """A valid inventory as its YAML would have it, of a few counties and schools."""
    counties = draw(st.integers(1, 2))
    sites: list[dict[str, Any]] = [{"id": "city", "kind": "city", "name": draw(texts)}]
    devices: list[dict[str, Any]] = [{"id": "core", "site": "city", "address": "10.0.0.1"}]
    links: list[dict[str, Any]] = []
    for county in range(counties):
        name = f"c{county}"
        sites.append({"id": name, "kind": "county", "parent": "city", "name": draw(texts)})
        devices.append(
            {
                "id": f"{name}-agg",
                "site": name,
                "address": f"10.0.{county}.2",
                **draw(device_fields),
            }
        )
        ends = [{"device": "core", "interface": name}, {"device": f"{name}-agg", "interface": "up"}]
        role = draw(st.sampled_from(get_args(LinkRole)))
        links.append(_link(f"core-{name}", role, ends, draw(link_fields)))
        for school in range(draw(st.integers(0, 3))):
            made = f"{name}-s{school}"
            kind = draw(st.sampled_from(["school", "teaching_point", "kindergarten"]))
            fields = draw(site_fields)
            sites.append({"id": made, "kind": kind, "parent": name, "name": draw(texts), **fields})
            port = {"device": f"{name}-agg", "interface": f"{draw(texts)}{school}"}
            links.append(
                _link(f"to-{made}", "school_access", [port, {"site": made}], draw(link_fields))
            )
    return {
        "network": {"name": draw(texts)},
        "vantage": draw(st.sampled_from([[], [{"id": "noc", "device": "core"}]])),
        "carriers": [{"id": "carrier", "name": draw(texts), "hotline": draw(texts)}],
        "standards": {"rural": {"per_class": draw(rates), "uplink": "30M"}},
        "power_zones": [{"id": "pz", "name": draw(texts)}],
        "ducts": [{"id": "d-1", "name": draw(texts), "length_m": draw(st.floats(0.5, 1e6))},
                  {"id": "d-2", "name": draw(texts), "owner": "carrier"}],
        "sites": sites,
        "devices": devices,
        "links": links,
    }  # fmt: skip


def _link(name: str, role: str, ends: list[Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "role": role, "a": ends[0], "b": ends[1], **fields}
