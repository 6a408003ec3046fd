"""Many datagrams at once, by one system call or by many: the same come, from whom they came."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from collector.vector.batch import NAME, STRIDE, TAIL, Batch, sockaddr
from edunet import mmsg

HOSTS = {"127.93.0.1": 16, "::1": 28}


@pytest.fixture(params=["one call", "many calls"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the system has no such calls, plain ones must do the same."""
    if request.param == "many calls":
        monkeypatch.setattr(mmsg, "_ABLE", False)
    return str(request.param)


@pytest.fixture(params=HOSTS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as one,
        socket.socket(family, socket.SOCK_DGRAM) as other,
    ):
        for each in (one, other):
            each.setblocking(False)
            each.bind((request.param, 0))
        yield one, other


def address(found: socket.socket) -> bytes:
    return sockaddr(*found.getsockname()[:2])


def batch(found: socket.socket, count: int) -> Batch:
    return Batch(count, HOSTS[found.getsockname()[0]])


def test_what_comes_lies_in_its_place_with_its_sender(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one, other = pair
    said = [b"", b"a", bytes(range(256)) * 5, b"z" * (STRIDE - 1)]
    for each in said:
        one.sendto(each, other.getsockname())
    read = batch(other, 8)

    assert len(said) == read.receive(other)

    assert [len(each) for each in said] == read.lengths[:4].tolist()
    assert said == [read.rows[n, : len(each)].tobytes() for n, each in enumerate(said)]
    for row in read.names[:4]:
        same = row.tobytes()
        assert (same[:4], same[8:24]) == (address(one)[:4], address(one)[8:24]) or (
            same[:8] == address(one)[:8]
        )
    assert 0 == read.receive(other)


def test_what_is_too_long_is_told_and_spoils_nothing_beside_it(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one, other = pair
    for each in (b"before", b"x" * (STRIDE + 1), b"y" * 59_000, b"after"):
        one.sendto(each, other.getsockname())
    read = batch(other, 4)
    read.buffer[-TAIL:] = 7

    assert 4 == read.receive(other)

    assert [6, STRIDE + 1, STRIDE + 1, 5] == read.lengths.tolist()
    assert b"before" == read.rows[0, :6].tobytes()
    assert b"after" == read.rows[3, :5].tobytes()
    assert (read.buffer[-TAIL:] == 7).all()


def test_more_than_there_are_places_stay_for_the_next_time(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one, other = pair
    for number in range(5):
        one.sendto(bytes([number]), other.getsockname())
    read = batch(other, 2)

    took = [read.rows[:n, 0].tolist() for n in (read.receive(other) for _ in range(4))]

    assert [[0, 1], [2, 3], [4], []] == took


def test_what_is_sent_arrives_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    sizes = np.array([1, 1200, STRIDE])
    out = batch(one, 3)
    for row, size in enumerate(sizes.tolist()):
        out.rows[row, :size] = row + 1
        out.names[row] = np.frombuffer(address(other), np.uint8)

    assert 3 == out.send(one, sizes)

    assert [bytes([n + 1]) * size for n, size in enumerate(sizes.tolist())] == [
        other.recv(2 * STRIDE) for _ in sizes
    ]


def _to(*hosts: str) -> tuple[Batch, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    out = Batch(len(hosts), 16)
    for row, host in enumerate(hosts):
        out.names[row] = np.frombuffer(sockaddr(host, 9), np.uint8)
    return out, np.ones(len(hosts), np.int64)


def test_those_before_one_that_cannot_leave_have_left() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        out, sizes = _to("127.93.0.1", "127.93.0.1", "255.255.255.255", "127.93.0.1")

        assert 2 == out.send(found, sizes)


def test_why_the_first_cannot_leave_is_told(way: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        out, sizes = _to("255.255.255.255", "127.93.0.1")

        with pytest.raises(PermissionError):
            out.send(found, sizes)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("127.0.0.1", 161, b"\x02\x00\x00\xa1\x7f\x00\x00\x01"),
        ("::1", 0x1234, b"\x0a\x00\x12\x34" + bytes(19) + b"\x01"),
    ],
)
def test_an_address_is_written_as_the_kernel_wants_it(
    host: str, port: int, expected: bytes
) -> None:
    assert expected.ljust(NAME, b"\0") == sockaddr(host, port)
