"""A vendor is one file, and what may be sent to its devices is on a list."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.profiles import SHIPPED, load, load_all, match
from collector.profiles.schema import WORDS
from edunet.errors import ConfigError

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def site(tmp_path: Path, name: str, text: str) -> list[Path]:
    (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return [tmp_path]


def test_this_is_every_line_the_shipped_profiles_may_ever_send() -> None:
    sendable = {
        line
        for profile in load_all().values()
        for line in (profile.ssh.allowed if profile.ssh else ())
    }

    assert sendable == {
        "display interface brief",
        "display version",
        "show interface",
        "show interface status",
        "show version",
        "screen-length 0 temporary",
        "screen-length disable",
        "terminal length 0",
        "terminal width 511",
        "N",
    }


@pytest.mark.parametrize(
    "command",
    [
        "configure terminal",
        "system-view",
        "save",
        "reload",
        "reboot",
        "show",
        "show ",
        "show version | redirect tftp://10.0.0.1/x",
        "show version > flash:/x",
        "show version; reload",
        "show version\nreload",
        "show version\n",
        "show version\rreload",
        "show version\treload",
        "show version\u2028reload",
        "show version\x00",
        "show version && reload",
        "show `reload`",
        "show $(reload)",
        "show version?",
        " show version",
        "showversion",
        "SHOW version",
        "do show version",
        "show vеrsion",
        "display diagnostic-information all.txt",
        "display  diag",
        "show tech-support",
        "show " + "x" * 200,
    ],
)
def test_a_command_that_is_not_plain_reading_is_refused(tmp_path: Path, command: str) -> None:
    quoted = '"' + "".join(f"\\U{ord(sign):08x}" for sign in command) + '"'
    folders = site(
        tmp_path, "mine", f"extends: generic\nvendor: X\nssh: {{commands: {{version: {quoted}}}}}\n"
    )

    with pytest.raises(ConfigError, match=r"ssh\.commands\.version: only show or display"):
        load("mine", folders)


@pytest.mark.parametrize("line", ["Y", "y", "yes", "enable", "terminal length 0\\nsave", "undo x"])
def test_what_sets_a_session_up_can_neither_agree_nor_rise(tmp_path: Path, line: str) -> None:
    text = f'extends: generic\nvendor: X\nssh: {{session: ["{line}"]}}\n'

    with pytest.raises(ConfigError, match="may be sent to set a session up"):
        load("mine", site(tmp_path, "mine", text))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_whatever_passes_the_list_with_a_second_command_in_it(tail: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from collector.profiles.schema import Command

    try:
        command = TypeAdapter(Command).validate_python("show " + tail)
    except ValidationError:
        return

    assert command.isascii()
    assert command.isprintable()
    assert not set(command) & set("|<>;&`$?!\\'\"(){}[]*^~#%=+,:@")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_loads_and_its_driver_and_templates_exist(name: str) -> None:
    import netmiko
    import textfsm  # type: ignore[import-untyped]

    profile = load(name)
    assert profile.ssh is not None
    assert profile.ssh.netmiko in netmiko.platforms
    for asked in profile.ssh.read.values():
        if asked.template:
            source = files("ntc_templates") / "templates" / f"{asked.template}.textfsm"
            with source.open() as file:
                header = textfsm.TextFSM(file).header
            assert set(asked.fields.values()) <= set(header)
    assert set(profile.ssh.words.values()) <= WORDS


def test_only_what_a_real_device_was_seen_to_say_is_called_verified() -> None:
    assert ["frr"] == [name for name, profile in load_all().items() if profile.verified]


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        pytest.param("1.3.6.1.4.1.2011.2.23.339", "huawei_vrp", id="huawei switch"),
        pytest.param(".1.3.6.1.4.1.2011.2.23.339", "huawei_vrp", id="leading dot"),
        pytest.param("1.3.6.1.4.1.2011.10.1.5", "h3c_comware", id="old h3c under huawei"),
        pytest.param("1.3.6.1.4.1.25506.1.1859", "h3c_comware", id="h3c"),
        pytest.param("1.3.6.1.4.1.4881.1.1.10.1.49", "ruijie_rgos", id="ruijie"),
        pytest.param("1.3.6.1.4.1.20110.2", None, id="a number is not a prefix"),
        pytest.param("1.3.6.1.4.1.8072.3.2.10", None, id="any linux"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_device_is_recognised_by_its_object_id(oid: str, name: str | None) -> None:
    found = match(oid, load_all())

    assert name == (found.name if found else None)


def test_of_two_prefixes_the_longer_wins_whatever_the_order(tmp_path: Path) -> None:
    text = "extends: huawei_vrp\nvendor: Huawei\nmatch: {sysobjectid: [1.3.6.1.4.1.2011.2.62]}\n"
    profiles = list(load_all(site(tmp_path, "huawei_me60", text)).values())

    for order in (profiles, profiles[::-1]):
        found = match("1.3.6.1.4.1.2011.2.62.2.9", order)
        assert found is not None
        assert found.name == "huawei_me60"


def test_an_inventory_writes_a_profile_with_a_hyphen() -> None:
    assert load("huawei-vrp") == load("huawei_vrp")


def test_a_site_overrides_a_shipped_profile_by_a_file_of_the_same_name(tmp_path: Path) -> None:
    text = "extends: huawei_vrp\nverified: true\nssh: {commands: {interfaces: display interface}}\n"
    folders = site(tmp_path, "huawei_vrp", text)

    mine, shipped = load("huawei_vrp", folders), load("huawei_vrp")

    assert mine.ssh is not None
    assert shipped.ssh is not None
    assert mine.ssh.commands == {
        "version": "display version",
        "interfaces": "display interface",
    }
    assert (mine.verified, shipped.verified) == (True, False)
    assert mine.match == shipped.match


def test_a_child_does_not_inherit_its_parents_device_ids(tmp_path: Path) -> None:
    folders = site(tmp_path, "quidway", "extends: huawei_vrp\nvendor: Quidway\n")

    assert load("quidway", folders).match.sysobjectid == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("extends: mine\nvendor: X\n", "no profile 'mine'; choose one of", id="itself"),
        pytest.param("extends: other\nvendor: X\n", "goes in a circle", id="circle"),
        pytest.param("extends: [generic]\n", "names one profile", id="two parents"),
        pytest.param("extends: nobody\n", "no profile 'nobody'; choose one of", id="no parent"),
        pytest.param("vendor: X\nspeed: 1\n", "no speed in a profile; remove it", id="unknown key"),
        pytest.param("verified: true\n", "vendor is missing; write it", id="no vendor"),
        pytest.param("- a\n", "a profile is a mapping", id="a list"),
        pytest.param("", "a profile is a mapping", id="empty"),
        pytest.param("vendor: [\n", "mine.yaml:2: not YAML", id="syntax"),
        pytest.param("vendor: &a X\nname: *a\n", "mine.yaml:1: no anchors", id="anchor"),
        pytest.param("vendor: !!python/name:os.system ''\n", "1: no tags", id="tag"),
        pytest.param("vendor: X\nvendor: Y\n", "vendor is written twice", id="twice"),
        pytest.param("vendor: X\nname: other\n", "is called as its file; remove name", id="a name"),
        pytest.param(
            "vendor: X\nssh: {netmiko: huawei_telnet}\n", "carries the password", id="telnet"
        ),
        pytest.param(
            "vendor: X\nssh: {netmiko: x, commands: {version: show version}}\n",
            "nothing reads the answer to version",
            id="nothing reads it",
        ),
        pytest.param(
            "vendor: X\nssh: {netmiko: x, read: {version: {patterns: ['(?P<serial>x)']}}}\n",
            "no serial here; choose from",
            id="unknown group",
        ),
        pytest.param(
            "vendor: X\nssh: {netmiko: x, read: {version: {patterns: ['(?P<version>']}}}\n",
            "not a regular expression",
            id="bad pattern",
        ),
        pytest.param(
            "vendor: X\nssh: {netmiko: x, read: {version: {template: ../../etc/passwd}}}\n",
            "string should match pattern",
            id="template elsewhere",
        ),
        pytest.param(
            "vendor: X\nssh: {netmiko: x, words: {sleeping: asleep}}\n",
            "ssh.words.sleeping",
            id="unknown word",
        ),
        pytest.param(
            "vendor: X\nmatch: {sysobjectid: [1.3.6.x]}\n", "match.sysobjectid.0", id="bad oid"
        ),
    ],
)
def test_a_wrong_profile_is_refused_with_a_sentence(
    tmp_path: Path, text: str, complaint: str
) -> None:
    site(tmp_path, "other", "extends: mine\nvendor: X\n")

    with pytest.raises(ConfigError) as caught:
        load("mine", site(tmp_path, "mine", text))

    assert complaint in str(caught.value)


def test_a_site_without_profiles_has_the_shipped_ones(tmp_path: Path) -> None:
    assert NAMES == list(load_all([tmp_path / "profiles"]))


def test_a_file_that_no_inventory_can_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"call the file my_make\.yaml"):
        load_all(site(tmp_path, "my-make", "extends: generic\nvendor: X\n"))


def test_the_profile_in_the_manual_is_one_that_loads(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "ssh.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)
    assert 2 == len(blocks)

    whole = load("mine", site(tmp_path, "mine", blocks[0]))
    changed = load("huawei_vrp", site(tmp_path, "huawei_vrp", blocks[1]))

    assert match("1.3.6.1.4.1.3902.3.100", [whole]) is whole
    assert changed.ssh is not None
    assert "display interface description" == changed.ssh.commands["interfaces"]


@given(st.binary(max_size=300))
def test_no_bytes_whatever_crash_the_loader(raw: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "mine.yaml").write_bytes(raw)
        with pytest.raises(ConfigError):
            load("mine", [Path(folder)])


def test_profiles_load_without_the_ssh_libraries() -> None:
    code = (
        "import sys, collector.profiles, collector.profiles.reading as r, collector.probes.ssh\n"
        "collector.profiles.load_all()\n"
        "print({'netmiko', 'paramiko', 'textfsm', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "set()"
