"""What does a sink do when the server says no, says later, or says nothing?"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from daemons import free_port, until
from fake_sink import START, Answer, Asked, FakeServer, Rule, interfaces, labels

from collector.sinks import AwayError, RefusedError, UnwelcomeError, parse
from collector.sinks.influx import Influx
from collector.sinks.pusher import Ground, Pace, Pusher
from edunet.clock import ManualClock
from edunet.errors import DeliveryError
from edunet.frame import Frame
from edunet.log import FrameLog

Serve = Callable[[Rule], FakeServer]
TAKEN: Answer = (204, {}, b"")
QUICK = Pace(first=0.02, most=0.05, unwelcome=0.02)


def count(line: str) -> int:
    """Which row of which round a line is."""
    return int(line.partition("receive_bytes_total=")[2].partition("i")[0])


def every(rounds: range, rows: int = 3) -> set[int]:
    return {row * 1_000_000 + n for n in rounds for row in range(rows)}


@contextmanager
def pushing(ground: Ground, url: str, pace: Pace = QUICK, **more: Any) -> Iterator[Pusher]:
    sink = parse("tsdb", {"kind": "influx", "url": url, **more})
    pusher = Pusher("tsdb", sink.open(labels), ground, pace)
    pusher.start()
    try:
        yield pusher
    finally:
        pusher.stop(5)


def accept(ground: Ground, rounds: range) -> None:
    for number in rounds:
        ground.log.append(interfaces(number))
    ground.log.sync()


def arrived(server: FakeServer, rounds: range) -> bool:
    return {count(line) for line in server.taken()} == every(rounds)


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
    words = b'{"code":"invalid","message":"partial write: field type conflict"}'

    def rule(_: int, asked: Asked) -> Answer:
        return (status, {}, words) if "receive_bytes_total=2i" in asked.body else TAKEN

    server = serve(rule)
    with pushing(ground, server.url) as pusher:
        for number in range(5):
            accept(ground, range(number, number + 1))
            until(lambda n=number: len(server.asked) > n, "the next write")  # type: ignore[misc]
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
    """A frame larger than a body: what came before and after the bad part is delivered."""
    server = serve(lambda n, _: (400, {}, b"bad") if n == 1 else TAKEN)
    ground.log.append(interfaces(0, rows=25_000))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: 1 == pusher.aside.kept, "one body set aside")

    assert [10_000, 10_000, 5_000] == [len(asked.body.splitlines()) for asked in server.asked]
    assert 15_000 == len(server.taken())


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


def test_lag_is_the_age_of_the_oldest_frame_not_delivered(ground: Ground, serve: Serve) -> None:
    clock = ManualClock(START + 90_000)
    server = serve(lambda n, _: (503, {}, b"") if n < 3 else TAKEN)
    accept(ground, range(2))
    with pushing(ground._replace(clock=clock), server.url) as pusher:
        until(lambda: 90.0 == pusher.lag_s or pusher.connected is True, "the lag of the oldest")
        until(lambda: pusher.connected is True and 0.0 == pusher.lag_s, "no lag")


def test_a_restart_goes_on_from_the_cursor_and_a_new_sink_from_the_oldest_frame(
    ground: Ground, serve: Serve
) -> None:
    server = serve(lambda *_: TAKEN)
    accept(ground, range(5))
    settled = QUICK._replace(settle=0.0)
    with pushing(ground, server.url, settled) as pusher:
        until(lambda: arrived(server, range(5)), "five rounds")
        until(lambda: 0.0 == pusher.lag_s, "no lag")
        until(lambda: cursor(ground) == ground.log.end, "the cursor in the books")
    before = len(server.asked)
    accept(ground, range(5, 7))
    with pushing(ground, server.url, settled):
        until(lambda: arrived(server, range(7)), "two rounds more")

    later = {count(x) for asked in server.asked[before:] for x in asked.body.splitlines()}
    assert every(range(5, 7)) == later


def cursor(ground: Ground) -> tuple[int, int] | None:
    with ground.books.read() as books:
        found: tuple[int, int] | None = books.execute(
            'SELECT segment, "offset" FROM cursors WHERE sink = ?', ("tsdb",)
        ).fetchone()
    return found


def test_a_cursor_of_a_log_thrown_away_begins_anew(ground: Ground, serve: Serve) -> None:
    ground.books.submit(
        lambda books: books.execute("INSERT INTO cursors VALUES ('tsdb', 99, 1000000)")
    ).result(10)
    server = serve(lambda *_: TAKEN)
    accept(ground, range(3))
    with pushing(ground, server.url) as pusher:
        until(lambda: arrived(server, range(3)), "three rounds")

    assert 0 == pusher.lost_bytes


def test_what_the_bound_of_the_log_costs_a_sink_is_said_in_bytes(
    ground: Ground, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    small = FrameLog.open(ground.data / "small", max_bytes=3000, segment_bytes=500)
    ground = ground._replace(log=small)
    server = serve(lambda *_: TAKEN)
    settled = QUICK._replace(settle=0.0)
    accept(ground, range(2))
    with pushing(ground, server.url, settled):
        until(lambda: cursor(ground) == small.end, "the cursor in the books")
    begun = small.end
    for number in range(2, 40):
        accept(ground, range(number, number + 1))
    expected = small.lost(begun)
    with pushing(ground, server.url, settled) as pusher:
        until(lambda: bool(server.taken()) and 39 == max(map(count, rounds(server))), "the newest")
        until(lambda: 0.0 == pusher.lag_s, "no lag")
    small.close()

    assert 0 < expected == pusher.lost_bytes
    assert f"cost it {expected} bytes" in caplog.text


def rounds(server: FakeServer) -> list[str]:
    """The first row of every round."""
    return [line for line in server.taken() if count(line) < 1_000_000]


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


@pytest.mark.parametrize(
    ("attempt", "error", "least", "most"),
    [
        pytest.param(0, DeliveryError("x"), 0.25, 0.5, id="the first time"),
        pytest.param(3, DeliveryError("x"), 2.0, 4.0, id="the fourth time"),
        pytest.param(10**6, DeliveryError("x"), 30.0, 60.0, id="after days"),
        pytest.param(0, DeliveryError("x", retry_after=7), 7.0, 7.0, id="as long as asked"),
        pytest.param(9, DeliveryError("x", retry_after=1), 30.0, 60.0, id="asked for less"),
        pytest.param(0, DeliveryError("x", retry_after=1e9), 300.0, 300.0, id="not for ever"),
        pytest.param(0, UnwelcomeError("x"), 30.0, 60.0, id="slowly where only a person helps"),
        pytest.param(0, AwayError("x"), 0.25, 0.5, id="away"),
    ],
)
def test_waiting_grows_and_is_spread(
    attempt: int, error: DeliveryError, least: float, most: float
) -> None:
    assert least == Pace(chance=lambda: 0.0).delay(attempt, error)
    assert most == pytest.approx(Pace(chance=lambda: 0.999999999).delay(attempt, error))


class Flaky:
    """An outlet whose connection breaks after each write, as if nobody listened in between."""

    left_out: dict[str, int] = {}  # noqa: RUF012 - never filled
    connections = 1

    def __init__(self, *, refused: bool) -> None:
        self.refused = refused
        self.written: list[int] = []
        self._fail = False

    def write(self, frames: Any) -> None:
        self._fail = not self._fail
        if self._fail:
            raise AwayError("broken", refused=self.refused)
        self.written += [int(frame.times[0]) for frame in frames]

    def relabel(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_line_that_breaks_again_and_again_still_gets_on(ground: Ground) -> None:
    outlet = Flaky(refused=False)
    pusher = Pusher("tsdb", outlet, ground, Pace(first=0.001, most=0.001))
    pusher.start()
    for number in range(20):
        accept(ground, range(number, number + 1))
        until(lambda n=number: START + n * 1000 in outlet.written, "the next frame")  # type: ignore[misc]
    assert pusher.stop(2)
    assert len(outlet.written) <= 22  # a second time once, not after every break


def test_a_frame_is_written_again_only_while_the_server_may_have_forgotten_it(
    ground: Ground,
) -> None:
    clock, outlet = ManualClock(), Flaky(refused=True)
    pusher = Pusher("tsdb", outlet, ground._replace(clock=clock), Pace(first=0.001, most=0.001))
    pusher.start()
    accept(ground, range(1))
    until(lambda: START in outlet.written, "the first frame")
    clock.advance(60)
    accept(ground, range(1, 2))
    until(lambda: START + 1000 in outlet.written, "the second frame")
    until(lambda: cursor(ground) is not None and cursor(ground) != (0, 0), "the settled cursor")
    outlet.written.clear()
    accept(ground, range(2, 3))
    until(lambda: START + 2000 in outlet.written, "the third frame")
    assert pusher.stop(2)
    assert START not in outlet.written
    assert START + 1000 in outlet.written


def test_a_refusal_names_every_body(serve: Serve) -> None:
    server = serve(lambda *_: (400, {}, b"no"))
    outlet = Influx(url=server.url).open(labels)
    frames: list[Frame] = [interfaces(0, rows=10_001)]
    with pytest.raises(RefusedError) as caught:
        outlet.write(frames)
    outlet.close()

    assert [10_000, 1] == [len(r.body.splitlines()) for r in caught.value.refusals]
    assert caught.value.permanent
