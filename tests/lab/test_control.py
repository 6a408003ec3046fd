"""Does the control socket obey its owner, and nobody's nonsense?"""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

import lab
from edunet.errors import LabError
from lab import control


def talk(data: Path, *lines: bytes) -> list[dict[str, object]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(5)
        line.connect(str(data / control.SOCKET))
        line.sendall(b"".join(lines))
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as answers:
            return [json.loads(answer) for answer in answers]


def test_only_the_owner_may_speak_to_the_city(played: lab.VirtualCity) -> None:
    mode = (played.data / control.SOCKET).stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_an_order_is_answered_with_how_the_city_stands(played: lab.VirtualCity) -> None:
    told = played.ask("cut", "core-c3")

    assert told["cut"] == ["core-c3"]
    assert "c3-agg" in told["silent"]
    assert told["devices"] == 52
    assert played.ask("status")["silent"] == told["silent"]


def test_many_orders_may_come_on_one_line(played: lab.VirtualCity) -> None:
    told = talk(
        played.data,
        b'{"do": "cut", "what": "core-c3"}\n',
        b'{"do": "hang", "what": "core"}\n',
        b'{"do": "power-off", "what": "c1-s01"}\n',
    )

    assert told[-1]["cut"] == ["core-c3"]
    assert told[-1]["hung"] == ["core"]
    assert told[-1]["dark"] == ["c1-s01"]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"do": ["cut"]}\n',
        b'{"do": "cut"}\n',
        b'{"do": "cut", "what": {}}\n',
        b'{"do": "cut", "what": "nowhere"}\n',
        b'{"do": "rm -rf"}\n',
        b"[" * 4000 + b"\n",
        b'{"do": "degrade"}\n',
        b'{"do": "degrade", "what": "core-c3", "loss": NaN}\n',
        b'{"do": "degrade", "what": "core-c3", "loss": 1e999}\n',
        b'{"do": "degrade", "what": "core-c3", "delay_s": "50ms"}\n',
        b'{"do": "degrade", "what": "core-c3", "jitter_s": -1}\n',
        b'{"do": "agent", "what": "core"}\n',
        b'{"do": "agent", "what": "core", "kind": ["slow"]}\n',
        b'{"do": "agent", "what": "core", "kind": "\\ud800"}\n',
        b'{"do": "play", "what": "core"}\n',
        b'{"do": "play", "what": "core", "file": ""}\n',
        b'{"do": "play", "what": "core", "file": "/dev/zero"}\n',
        b'{"do": "play", "what": "core", "file": "/etc"}\n',
        b'{"do": "play", "what": "core", "file": "a\\u0000b"}\n',
        b'{"do": "play", "what": "core", "file": "\\udcff\\ud800"}\n',
        b'{"do": "play", "what": 7, "file": "/etc/passwd"}\n',
        b'{"do": "play", "file": "/etc/passwd"}\n',
    ],
)
def test_nonsense_is_refused_and_the_city_goes_on(played: lab.VirtualCity, line: bytes) -> None:
    (told,) = talk(played.data, line)

    assert set(told) == {"error"}
    status = played.ask("status")
    assert [status[key] for key in ("cut", "degraded", "kinds", "playing")] == [[], {}, {}, {}]


def test_a_recording_is_played_on_order_and_healed_away(
    played: lab.VirtualCity, tmp_path: Path
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.snmprec"))  # a name that is no UTF-8
    path.write_text("1.3.6.1.2.1.1.1.0|4|x\n1.3.6.1.2.1.1.1.0|4|y\n")

    told = played.ask("play", "core", file=str(path))

    assert told["playing"] == {"core": {"file": str(path), "objects": 1, "repeated": 1}}
    assert played.ask("heal", "core")["playing"] == {}


def test_a_recording_for_nobody_is_refused(played: lab.VirtualCity, tmp_path: Path) -> None:
    path = tmp_path / "a.snmprec"
    path.write_text("1.3.6.1.2.1.1.1.0|4|x\n")

    with pytest.raises(LabError, match="no device 'cor' in the city; the nearest is core"):
        played.ask("play", "cor", file=str(path))


def test_an_endless_line_is_hung_up_on(played: lab.VirtualCity) -> None:
    assert talk(played.data, b"x" * 100_000) == []
    assert played.ask("status")["cut"] == []


def test_an_unknown_link_is_named_with_its_nearest(played: lab.VirtualCity) -> None:
    with pytest.raises(LabError, match="no link 'core-c33' in the city; the nearest is core-c3"):
        played.ask("cut", "core-c33")


def test_without_a_city_it_is_said_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    said = r"^no city is running in ./data; start one by: edunet run --lab$"
    with pytest.raises(LabError, match=said):
        control.ask(Path("data"), "status")
    with pytest.raises(LabError, match=r"^no city is running in /"):
        control.ask(tmp_path, "status")


def test_the_socket_of_a_dead_city_is_replaced(tmp_path: Path) -> None:
    control.listen(tmp_path).close()

    second = control.listen(tmp_path)

    second.close()


def test_a_second_city_in_one_folder_is_refused(played: lab.VirtualCity) -> None:
    with pytest.raises(LabError, match="already; end it first"):
        control.listen(played.data)


def test_a_file_in_the_sockets_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / control.SOCKET).write_text("mine")

    with pytest.raises(LabError, match="is no socket; move it away"):
        control.listen(tmp_path)
    assert (tmp_path / control.SOCKET).read_text() == "mine"


def test_a_folder_with_a_very_long_name_will_do(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 100] * 3)

    control.listen(deep).close()

    assert (deep / control.SOCKET).exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LabError, match="choose another data folder"):
        control.listen(tmp_path / "file" / "data")
