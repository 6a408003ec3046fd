"""What does a sink do when the server says no, says later, or says nothing?"""

from __future__ import annotations

import logging
import time

import pytest
from daemons import free_port, until
from fake_sink import START, Answer, Asked, interfaces, labels
from pushing import QUICK, TAKEN, Serve, accept, arrived, count, every, pushing

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import RefusedError
from collector.sinks.influx import Influx
from edunet.frame import Frame


def test_a_write_says_who_where_and_how_it_counts_time(ground: Ground, serve: Serve) -> None:
    server = serve(lambda *_: TAKEN)
    accept(ground, range(1))
    with pushing(ground, server.url + "/sub/", org="edu", bucket="b 1", token="t0ken"):
        until(lambda: arrived(server, range(1)), "one round")

    asked = server.asked[0]
    assert "/sub/api/v2/write?org=edu&bucket=b+1&precision=ms" == asked.path
    assert "Token t0ken" == asked.headers["Authorization"]
    assert "gzip" == asked.headers["Content-Encoding"]
    assert asked.body.splitlines()[1] == (
        "interface,county=c1,device=sw-0,interface=GE0/0/1"
        f" receive_bytes_total=1000000i,up=1i {START}"
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((500, {}, b"internal"), id="500"),
        pytest.param((503, {"Retry-After": "0"}, b""), id="503"),
        pytest.param((429, {"Retry-After": "0"}, b"slow down"), id="429"),
        pytest.param((408, {}, b""), id="408"),
        pytest.param((302, {"Location": "/login"}, b""), id="a redirect to a login page"),
        pytest.param((307, {"Location": "/elsewhere"}, b""), id="a redirect that keeps the body"),
        pytest.param((303, {"Location": "/login"}, b""), id="a redirect that asks for GET"),
        pytest.param((200, {}, b"<html>please log in"), id="a login page"),
        pytest.param((500, {}, b"\xff\xfe\x00"), id="words in no encoding"),
        pytest.param((401, {}, b'{"code":"unauthorized"}'), id="401"),
        pytest.param((403, {}, b""), id="403"),
        pytest.param((404, {}, b'{"message":"bucket not found"}'), id="404"),
    ],
)
def test_what_may_pass_is_tried_again_until_it_does(
    ground: Ground, serve: Serve, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(lambda n, asked: answer if n < 4 else TAKEN)
    accept(ground, range(3))
    with pushing(ground, server.url) as pusher:
        until(lambda: arrived(server, range(3)), "three rounds")
        until(lambda: pusher.connected is True, "the sink to be known as back")

    assert all("/api/v2/write" in asked.path for asked in server.asked)
    assert 1 == caplog.text.count("the log keeps what it misses")
    assert 1 == caplog.text.count("is back")
    assert 0 == pusher.aside.kept


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_refused_for_good_is_set_aside_with_the_servers_words_and_the_rest_goes_on(
    ground: Ground, serve: Serve, status: int
) -> None:
    words = b'{"code":"invalid","message":"field type conflict"}'

    def rule(_: int, asked: Asked) -> Answer:
        bad = any(count(line) % 1_000_000 == 2 for line in asked.body.splitlines())
        return (status, {}, words) if bad else TAKEN

    server = serve(rule)
    with pushing(ground, server.url) as pusher:
        for number in range(5):
            accept(ground, range(number, number + 1))
        until(
            lambda: {count(x) for x in server.taken()} == every(range(5)) - every(range(2, 3)), "4"
        )

    (path,) = (ground.data / "set-aside" / "tsdb").iterdir()
    comment, *kept = path.read_text().splitlines()
    assert comment.startswith(f"# {server.url} answered {status}: ")
    assert "field type conflict" in comment
    assert every(range(2, 3)) == {count(line) for line in kept}
    assert 1 == pusher.aside.kept


def test_one_bad_body_of_many_is_set_aside_and_the_others_arrive(
    ground: Ground, serve: Serve
) -> None:
    """A frame larger than a body: what came before and after the bad part is delivered.

    A body every row of which is refused is asked about a few times, not ten thousand.
    """

    def rule(_: int, asked: Asked) -> Answer:
        bad = any(10_000 <= row(line) < 20_000 for line in asked.body.splitlines())
        return (400, {}, b"bad") if bad else TAKEN

    server = serve(rule)
    ground.log.append(interfaces(0, rows=25_000))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: 1 == pusher.aside.kept, "one body set aside")

    assert len(server.asked) < 10
    assert {*range(10_000), *range(20_000, 25_000)} == {row(line) for line in server.taken()}


def row(line: str) -> int:
    return count(line) // 1_000_000


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("bad", [{0}, {9_999}, {17, 18, 5_000, 7_777}], ids=str)
def test_a_bad_line_costs_one_line_not_ten_thousand(
    ground: Ground, serve: Serve, status: int, bad: set[int]
) -> None:
    def rule(_: int, asked: Asked) -> Answer:
        poisoned = bad & {row(line) for line in asked.body.splitlines()}
        return (status, {}, b"field type conflict") if poisoned else TAKEN

    server = serve(rule)
    ground.log.append(interfaces(0, rows=10_000))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: 1 == pusher.aside.kept, "the bad lines set aside")

    assert {*range(10_000)} - bad == {row(line) for line in server.taken()}
    (path,) = pusher.aside.folder.iterdir()
    comment, *kept = path.read_text().splitlines()
    assert f"answered {status}: field type conflict" in comment
    assert sorted(bad) == [row(line) for line in kept]
    assert len(server.asked) < 45 * len(bad)


def test_what_a_partial_write_has_stored_is_not_set_aside(ground: Ground, serve: Serve) -> None:
    """InfluxDB 1 stores the other lines and answers 400; it says how many it dropped."""
    stored: set[int] = set()

    def rule(_: int, asked: Asked) -> Answer:
        rows = {row(line) for line in asked.body.splitlines()}
        stored.update(rows - {7})
        words = b'{"error":"partial write: points beyond retention policy dropped=1"}'
        return (400, {}, words) if 7 in rows else TAKEN

    server = serve(rule)
    ground.log.append(interfaces(0, rows=100))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: 1 == pusher.aside.kept, "the bad line set aside")

    (path,) = pusher.aside.folder.iterdir()
    assert [7] == [row(line) for line in path.read_text().splitlines()[1:]]
    assert {*range(100)} - {7} == stored


def test_what_a_partial_write_dropped_whole_is_not_tried_again(
    ground: Ground, serve: Serve
) -> None:
    words = b'{"error":"partial write: points beyond retention policy dropped=100"}'
    server = serve(lambda *_: (400, {}, words))
    ground.log.append(interfaces(0, rows=100))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: 1 == pusher.aside.kept, "all lines set aside")

    assert 1 == len(server.asked)


def test_a_refused_token_is_said_once_in_words_that_do_not_hold_it(
    ground: Ground, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = serve(lambda *_: (401, {}, b'{"message":"no such token: s3cr3t-t0ken"}'))
    accept(ground, range(1))
    with pushing(ground, server.url, token="s3cr3t-t0ken") as pusher:
        until(lambda: len(server.asked) > 5, "six tries")
        assert "s3cr3t" not in repr(pusher.outlet)

    assert 1 == caplog.text.count("the log keeps what it misses")
    assert "no such token: ***" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_a_second_kind_of_trouble_is_said_as_well(
    ground: Ground, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(lambda n, _: (500, {}, b"") if n < 3 else (401, {}, b"") if n < 6 else TAKEN)
    accept(ground, range(1))
    with pushing(ground, server.url):
        until(lambda: arrived(server, range(1)), "one round")
        until(lambda: "is back" in caplog.text, "the end of it")

    assert 1 == caplog.text.count("answered 500")
    assert 1 == caplog.text.count("answered 401")


def test_a_hanging_server_does_not_keep_us_from_stopping(ground: Ground, serve: Serve) -> None:
    server = serve(lambda *_: None)
    accept(ground, range(1))
    with pushing(ground, server.url) as pusher:
        until(lambda: bool(server.asked), "the question")
        began = time.monotonic()
        assert not pusher.stop(0.2)
        assert time.monotonic() - began < 2
        server.over.set()
        until(lambda: not pusher.running, "the thread to end with its request")


def test_a_server_that_hangs_is_given_up_after_the_timeout(ground: Ground, serve: Serve) -> None:
    server = serve(lambda n, _: None if n == 0 else TAKEN)
    accept(ground, range(2))
    with pushing(ground, server.url, timeout="100ms"):
        until(lambda: arrived(server, range(2)), "two rounds")


@pytest.mark.parametrize("what", ["waiting for news", "waiting to try again"])
def test_stopping_takes_no_two_seconds(ground: Ground, what: str) -> None:
    if what == "waiting to try again":
        accept(ground, range(1))
    with pushing(ground, f"http://127.0.0.1:{free_port()}", Pace(first=60, most=60)) as pusher:
        until(lambda: pusher.connected is False or what == "waiting for news", "the first try")
        began = time.monotonic()
        assert pusher.stop(2)
        assert time.monotonic() - began < 2


def test_a_stumble_of_ours_is_told_once_and_tried_again(
    ground: Ground, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(lambda *_: TAKEN)
    asked: list[int] = []

    def shy(kind: str, slot: int) -> dict[str, str]:
        asked.append(slot)
        if len(asked) < 4:
            raise RuntimeError("the plant is being swapped")
        return dict(labels(kind, slot))

    accept(ground, range(1))
    pusher = Pusher("tsdb", Influx(url=server.url).open(shy), ground, QUICK)
    pusher.start()
    until(lambda: arrived(server, range(1)), "one round")
    assert pusher.stop(2)
    assert 1 == caplog.text.count("stumbled")


def test_a_refusal_names_every_body(serve: Serve) -> None:
    server = serve(lambda *_: (400, {}, b"no"))
    outlet = Influx(url=server.url).open(labels)
    frames: list[Frame] = [interfaces(0, rows=10_001)]
    with pytest.raises(RefusedError) as caught:
        outlet.write(frames)
    outlet.close()

    assert [10_000, 1] == [len(r.body.splitlines()) for r in caught.value.refusals]
    assert caught.value.permanent
