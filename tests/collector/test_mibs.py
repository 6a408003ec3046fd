"""The file of a table: what may stand in it, and in which words it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.mibs import SHIPPED, known, mib
from edunet.errors import ConfigError

GOOD = """\
kind: fan
scalars: {sysUpTime: 1.3.6.1.2.1.1.3.0}
columns:
  speed_rpm:
    type: float64
    sources: [{object: fanSpeed, oid: 1.3.6.1.4.1.9.1.2, among: [0, 30000]}]
"""
SOURCE = "{object: fanSpeed, oid: 1.3.6.1.4.1.9.1.2, among: [0, 30000]}"


def refused(folder: Path, text: str, name: str = "fan") -> str:
    """The words in which this file is refused, without its own name."""
    (folder / f"{name}.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        mib(name, folder)
    said = str(error.value)
    assert f"{folder / name}.yaml" in said
    return said.replace(f"{folder / name}.yaml:", "").strip()


def test_a_good_file_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "fan.yaml").write_text(GOOD, "utf-8")

    table = mib("fan", tmp_path)

    assert ("fan", "fan", ["speed_rpm"]) == (table.name, table.kind, list(table.columns))
    assert table.called(b"\x2b\x06\x01\x04\x01\x09\x01\x02\x07\x08") == "fanSpeed.7.8"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param("kind: fan\n", "", "kind is missing; write it", id="no kind"),
        pytest.param("kind: fan", "kind: device", "kind device is taken; call it otherwise",
                     id="a kind of ours"),
        pytest.param("kind: fan", "kind: fan\nname: fan",
                     "a table is called as its file; remove name", id="a name"),
        pytest.param("kind: fan", "kind: fan\ncolour: red", "no colour in a table; remove it",
                     id="a misspelt key"),
        pytest.param("sysUpTime: 1.3.6.1.2.1.1.3.0", "sysName: 1.3.6.1.2.1.1.5.0",
                     "scalars lack sysUpTime; write sysUpTime: 1.3.6.1.2.1.1.3.0", id="no uptime"),
        pytest.param("1.1.3.0", "1.1.3",
                     "scalars.sysUpTime: a scalar's name ends in .0; write that too",
                     id="a scalar without its instance"),
        pytest.param("kind: fan", "kind: fan\nchanged: fansLastChange",
                     "changed is none of scalars; name one of them", id="a stamp not asked"),
        pytest.param("kind: fan", "kind: fan\nidentity: {descr: 1.3.6.1.2.1.2.2.1.2}",
                     "identity lacks name; write the OID of what names a row", id="nameless"),
        pytest.param("speed_rpm:", "bits:", "a column bits is there already; call it otherwise",
                     id="a column of ours"),
        pytest.param("1.3.6.1.4.1.9.1.2", "fanSpeed", "columns.speed_rpm.sources.0.oid: "
                     "write the OID in numbers, as 1.3.6.1.2.1.25.3.3.1.2", id="an OID in words"),
        pytest.param("1.3.6.1.4.1.9.1.2", "1.3.6.1.4.1.9.4294967296",
                     "columns.speed_rpm.sources.0.oid: 4294967296 is no number of an OID",
                     id="an OID beyond 32 bits"),
        pytest.param("1.3.6.1.4.1.9.1.2", "1.3.6.1", "columns.speed_rpm.sources.0.oid: "
                     "an OID of so few numbers is no object; write all of them", id="half an OID"),
        pytest.param("among: [0, 30000]", "among: [30000, 0]", "columns.speed_rpm.sources.0: "
                     "among begins above its end; write the smaller number first", id="backwards"),
        pytest.param("among: [0, 30000]", "unknown: [4294967296]", "columns.speed_rpm.sources.0: "
                     "no number has more than 32 bits; correct among or unknown", id="33 bits"),
        pytest.param("among: [0, 30000]", "bits: 64", "columns.speed_rpm.sources.0: "
                     "only a counter has bits: 64; write kind: counter, or remove it",
                     id="a wide number"),
        pytest.param("among: [0, 30000]", "kind: counter, scale: 10",
                     "columns.speed_rpm.sources.0: "
                     "a counter has neither among, unknown nor scale; remove them",
                     id="a counter with a scale"),
        pytest.param("among: [0, 30000]", "kind: counter",
                     "columns.speed_rpm: fanSpeed counts; write type: uint64", id="no counter"),
        pytest.param("among: [0, 30000]", "scale: .nan", "columns.speed_rpm.sources.0.scale: "
                     "input should be a finite number", id="a scale that is none"),
        pytest.param("float64\n    sources: [{object: fanSpeed,",
                     "int16\n    sources: [{object: fanSpeed, scale: 0.1,",
                     "columns.speed_rpm: fanSpeed is scaled; write type: float64", id="rounded"),
        pytest.param(f"float64\n    sources: [{SOURCE}]",
                     f"int16\n    sources: [{SOURCE.replace('[0, ', '[-1, ')}]",
                     "columns.speed_rpm: fanSpeed may be below zero; write type: float64",
                     id="below zero where -1 is unknown"),
        pytest.param(f"float64\n    sources: [{SOURCE}]",
                     f"int16\n    sources: [{SOURCE.replace('30000', '40000')}]",
                     "columns.speed_rpm: fanSpeed may be too large; write type: float64",
                     id="beyond 15 bits"),
        pytest.param(f"[{SOURCE}]", f"[{SOURCE}, {SOURCE}]", "fanSpeed is read twice; keep one",
                     id="one object in two places"),
        pytest.param(f"[{SOURCE}]", "[]",
                     "columns.speed_rpm: sources names no object; write one", id="no source"),
        pytest.param(GOOD[GOOD.index("columns:"):], "columns: {}",
                     "columns names nothing to read; write one", id="no column"),
        pytest.param("kind: fan", "kind: [fan", "2: not YAML: expected ',' or ']', but got ':'",
                     id="no YAML"),
        pytest.param("kind: fan", "kind: fan\nkind: fan", "1: kind is written twice; keep one",
                     id="a key twice"),
        pytest.param("kind: fan", "kind: &a fan", "1: no anchors in a table; write it out",
                     id="an anchor"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_remedy(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    assert before in GOOD

    assert said == refused(tmp_path, GOOD.replace(before, after))


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    assert "a table is a mapping; begin with kind: NAME" == refused(tmp_path, "- 1\n")


@pytest.mark.parametrize("name", ["fans", "../if_mib", "IF-MIB", "", "if_mib.yaml", "x" * 5000])
def test_a_table_nobody_wrote_is_refused_with_those_there_are(name: str, tmp_path: Path) -> None:
    (tmp_path / "fan.yaml").write_text(GOOD, "utf-8")

    with pytest.raises(ConfigError, match=r"choose one of .*fan, .*if_mib") as error:
        mib(name, tmp_path)

    assert len(str(error.value)) < 300


def test_a_file_of_the_site_stands_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "hr_processor.yaml").write_text(GOOD, "utf-8")

    assert "fan" == mib("hr_processor", tmp_path).kind
    assert "processor" == mib("hr_processor").kind


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_a_shipped_table_is_a_good_one(name: str) -> None:
    assert mib(name).name == name
    assert name in known()


def test_only_sources_that_say_so_have_numbers_below_zero() -> None:
    signed = {s.object for name in known() for s in mib(name).sources() if s.signed}

    assert {
        "hwEntityOpticalRxPower", "hwEntityOpticalTxPower", "hwEntityOpticalBiasCurrent",
        "hwEntityOpticalVoltage", "hwEntityOpticalTemperature", "entPhySensorValue",
        "entPhySensorPrecision",
    } == signed  # fmt: skip
