"""Is a command found by the name of its file, and does an error become an exit code?"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

import edunet.cli
from edunet import __version__
from edunet.errors import ConfigError, LabError


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a module where the file of a command would be found."""

    def put(name: str, **content: object) -> None:
        module = ModuleType(f"edunet.cli.{name}")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(
            edunet.cli.Commands, "list_commands", lambda _self, _ctx: [name.replace("_", "-")]
        )

    return put


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(edunet.cli.app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_version_is_said() -> None:
    assert (0, f"edunet {__version__}\n", "") == run("--version")


def test_help_lists_each_command_with_its_one_line() -> None:
    code, said, _ = run("--help")

    assert 0 == code
    assert "check" in said
    assert "Check the inventory and say everything that is wrong" in " ".join(said.split())
    assert "_options" not in said


def test_an_unknown_command_names_the_nearest() -> None:
    code, _, said = run("chek")

    assert 2 == code
    assert "Did you mean 'check'?" in said


def test_a_file_name_becomes_a_command_name(command: Callable[..., None]) -> None:
    def greet(who: str) -> None:
        typer.echo(f"hello {who}")

    command("say_hello", command=greet)

    assert (0, "hello city\n", "") == run("say-hello", "city")


def test_a_group_of_commands_keeps_its_own_names(command: Callable[..., None]) -> None:
    group = typer.Typer()

    @group.command()
    def up() -> None:
        typer.echo("it is up")

    command("yard", app=group)

    assert (0, "it is up\n", "") == run("yard", "up")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(ConfigError("f:1: wrong"), 2, "f:1: wrong\n", id="the files are wrong"),
        pytest.param(LabError("no city is running"), 1, "no city is running\n", id="it failed"),
        pytest.param(KeyboardInterrupt(), 130, "", id="interrupted"),
    ],
)
def test_an_error_becomes_a_line_and_an_exit_code(
    command: Callable[..., None], error: BaseException, code: int, said: str
) -> None:
    def fail() -> None:
        raise error

    command("fail", command=fail)

    assert (code, "", said) == run("fail")


def test_a_name_that_the_terminal_cannot_show_is_escaped(
    command: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def greet() -> None:
        typer.echo("城东 \N{MONGOLIAN LETTER A}")

    command("greet", command=greet)
    monkeypatch.setattr(sys, "argv", ["edunet", "greet"])
    terminal = tmp_path / "terminal"
    with terminal.open("w", encoding="gbk") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            edunet.cli.main()

    assert 0 == ended.value.code
    assert "城东 \\u1820\n" == terminal.read_text(encoding="gbk")


def test_a_stream_that_is_no_terminal_is_left_alone(
    command: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    command("greet", command=lambda: typer.echo("hello"))
    monkeypatch.setattr(sys, "argv", ["edunet", "greet"])
    monkeypatch.setattr(sys, "stdout", stdout := io.StringIO())
    with pytest.raises(SystemExit):
        edunet.cli.main()

    assert "hello\n" == stdout.getvalue()
