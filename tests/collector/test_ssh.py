"""A device is asked over SSH what its profile lists, by the login it was given, and no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import cli_answers
import paramiko  # type: ignore[import-untyped]
import pytest
from ssh_actor import PASSWORD, Actor, Part
from ssh_asking import HUAWEI, LOGIN, device, password_set_and_threads_ended, refused

from collector.hostkeys import HostKeys
from collector.probes.ssh import Answers, ask
from collector.profiles import load
from edunet.errors import AuthError, ProbeError
from edunet.inventory.model import Ssh

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture
def tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with password_set_and_threads_ended(monkeypatch):
        yield


@pytest.fixture
def hostkeys(tmp_path: Path) -> HostKeys:
    return HostKeys(tmp_path / "known_hosts")


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        pytest.param(
            "huawei_vrp",
            HUAWEI,
            Answers("5.170", "S5731-H24T4XC", 2_001_900.0, cli_answers.HUAWEI_STATES),
            id="huawei",
        ),
        pytest.param(
            "h3c_comware",
            Part(prompt="<SW-1>", answers=cli_answers.H3C, auth="keyboard-interactive"),
            Answers("7.1.070, Release 6326P02", "S5130S-28S-EI", 86_520.0, cli_answers.H3C_STATES),
            id="h3c, by keyboard-interactive",
        ),
        pytest.param(
            "ruijie_rgos",
            Part(prompt="SW-1>", answers=cli_answers.RUIJIE),
            Answers(
                "S29_RGOS 11.4(1)B42P35",
                "S2910-24GT4XS-E",
                1_047_845.0,
                cli_answers.RUIJIE_STATES,
            ),
            id="ruijie, without privilege",
        ),
    ],
)
def test_nothing_but_the_listed_lines_reaches_a_device(
    name: str, part: Part, expected: Answers, hostkeys: HostKeys
) -> None:
    profile = load(name)
    assert profile.ssh is not None
    with Actor(part).on_stage() as actor:
        answers = ask(device(actor.port), LOGIN, profile, hostkeys, timeout=20)

    assert expected == answers
    assert set(actor.lines) <= profile.ssh.allowed
    assert set(profile.ssh.commands.values()) <= set(actor.lines)


def test_a_description_that_looks_like_the_prompt_does_not_end_the_answer(
    hostkeys: HostKeys,
) -> None:
    answers = dict(cli_answers.H3C)
    table = answers["display interface brief"].replace("to the library", "to <SW-1> and <SW-1>")
    answers["display interface brief"] = table
    with Actor(Part(prompt="<SW-1>", answers=answers, slow=True)).on_stage() as actor:
        told = ask(device(actor.port), LOGIN, load("h3c_comware"), hostkeys, timeout=20)

    assert cli_answers.H3C_STATES == told.interfaces


@pytest.mark.parametrize("prompt", ["a-switch-with-a-very-long-name-indeed>", "SW.1+(x)#", "#"])
def test_a_name_of_any_kind_makes_a_prompt(prompt: str, hostkeys: HostKeys) -> None:
    part = Part(prompt=prompt, answers=cli_answers.RUIJIE)
    with Actor(part).on_stage() as actor:
        told = ask(device(actor.port), LOGIN, load("ruijie_rgos"), hostkeys, timeout=20)

    assert cli_answers.RUIJIE_STATES == told.interfaces


def test_an_offer_to_change_the_password_is_declined(hostkeys: HostKeys) -> None:
    question = "The password needs to be changed. Change now? [Y/N]: "
    part = Part(prompt="<SW-1>", answers=cli_answers.HUAWEI, asks_first=(question,))
    with Actor(part).on_stage() as actor:
        answers = ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)

    assert "5.170" == answers.version
    assert "N" == actor.lines[0]


def test_an_offer_to_save_the_configuration_is_never_agreed_to(hostkeys: HostKeys) -> None:
    # The driver would answer yes, twice, and the device would write its configuration.
    risks = "There are security risks in the configuration file. Save it? [y/n]"
    part = Part(prompt="<SW-1>", answers=cli_answers.HUAWEI, asks_first=(risks + "<SW-1>",))
    with Actor(part).on_stage() as actor:
        error = refused(actor.port, hostkeys)

    assert "profile huawei_vrp does not list" in str(error)
    assert [] == actor.lines


def test_a_driver_that_wants_privilege_does_not_get_it(hostkeys: HostKeys, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: ruijie_rgos\nssh: {netmiko: ruijie_os, session: [terminal length 0]}\n"
    )
    part = Part(prompt="SW-1>", answers=cli_answers.RUIJIE)
    with Actor(part).on_stage() as actor:
        error = refused(actor.port, hostkeys, load("mine", [tmp_path]))

    assert "profile mine does not list" in str(error)
    assert [] == actor.lines


def test_a_device_with_a_changed_host_key_gets_no_password(
    hostkeys: HostKeys, tmp_path: Path
) -> None:
    with Actor(HUAWEI).on_stage() as actor:
        ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)
    impostor = Actor(HUAWEI, port=actor.port)
    with impostor.on_stage():
        error = refused(impostor.port, hostkeys)

    assert isinstance(error, AuthError)
    assert f"remove line 1 of {tmp_path}/known_hosts" in str(error)
    assert [] == impostor.passwords


def test_another_kind_of_key_is_a_changed_key_too(hostkeys: HostKeys) -> None:
    with Actor(HUAWEI).on_stage() as actor:
        ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)
    impostor = Actor(HUAWEI, key=paramiko.RSAKey.generate(2048), port=actor.port)
    with impostor.on_stage():
        error = refused(impostor.port, hostkeys)

    assert isinstance(error, AuthError)
    assert [] == impostor.passwords


def test_a_device_whose_key_cannot_be_recorded_gets_no_password(tmp_path: Path) -> None:
    hostkeys = HostKeys(tmp_path / "missing" / "known_hosts")
    with Actor(HUAWEI).on_stage() as actor:
        with pytest.raises(ProbeError, match="cannot be recorded"):
            ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)

        assert [] == actor.passwords


@pytest.mark.parametrize("auth", ["password", "keyboard-interactive", "publickey"])
def test_a_wrong_password_is_a_refusal_and_shows_nowhere(
    auth: str,
    hostkeys: HostKeys,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "quite wrong 0815"
    monkeypatch.setenv("EDUNET_TEST_SSH", wrong)
    with Actor(Part(prompt="<SW-1>", auth=auth)).on_stage() as actor:
        error = refused(actor.port, hostkeys)

    assert isinstance(error, AuthError)
    assert "check credentials.ssh.ops" in str(error)
    assert wrong not in f"{error}{error!r}{caplog.text}"


def test_the_right_password_shows_nowhere_either(
    hostkeys: HostKeys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Actor(HUAWEI).on_stage() as actor:
        ask(device(actor.port), LOGIN, load("huawei_vrp"), hostkeys, timeout=20)

    assert PASSWORD in actor.passwords
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("name", ["huawei_vrp", "frr", "generic"])
def test_a_device_that_knows_none_of_our_questions_is_not_called_down(
    name: str, hostkeys: HostKeys
) -> None:
    prompt = "<SW-1>" if name == "huawei_vrp" else "SW-1#"
    with Actor(Part(prompt=prompt)).on_stage() as actor:
        error = refused(actor.port, hostkeys, load(name))

    assert f"answers by ssh, but not as profile {name} reads it" in str(error)
    assert not isinstance(error, AuthError)


def test_a_driver_that_does_not_exist_is_named(hostkeys: HostKeys, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: generic\nssh: {netmiko: cisco_iso}\n")
    with (
        Actor(HUAWEI).on_stage() as actor,
        pytest.raises(ProbeError, match="netmiko has no driver 'cisco_iso'"),
    ):
        ask(device(actor.port), LOGIN, load("mine", [tmp_path]), hostkeys, timeout=5)


def _locked_key() -> str:
    text = StringIO()
    paramiko.ECDSAKey.generate().write_private_key(text, password="1234")
    return text.getvalue()


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        pytest.param("", "is not set", id="not set"),
        pytest.param("no key, but sentimental", "is no private key we can read", id="no key"),
        pytest.param(_locked_key(), "is locked by a passphrase", id="locked"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_by_its_place_alone(
    secret: str, why: str, hostkeys: HostKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDUNET_TEST_KEY", raising=False)
    if secret:
        monkeypatch.setenv("EDUNET_TEST_KEY", secret)
    login = Ssh.model_validate({"username": "netops", "key": "${EDUNET_TEST_KEY}"})
    with Actor(HUAWEI).on_stage() as actor:
        with pytest.raises(ProbeError, match=why) as caught:
            ask(device(actor.port), login, load("huawei_vrp"), hostkeys, timeout=5)

        assert "${EDUNET_TEST_KEY}" in str(caught.value)
        assert [] == actor.passwords
    with suppress(IndexError):
        assert secret.splitlines()[0] not in str(caught.value)
