"""Does a sink know how far it came: after a restart, a loss, a break of the line?"""

from __future__ import annotations

from typing import Any

import pytest
from daemons import until
from fake_sink import START, FakeServer
from pushing import QUICK, TAKEN, Serve, accept, arrived, count, every, pushing

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import AwayError, UnwelcomeError
from edunet.clock import ManualClock
from edunet.errors import DeliveryError
from edunet.log import FrameLog


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
    ordered = False
    durable = False

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
