"""Does a receiver that demands order get every sample, once, whatever breaks off in between?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from daemons import until
from fake_sink import START, Answer, Asked, FakeServer, interfaces
from prompb import Receiver
from pushing import Serve, accept
from receiving import Open, counters, once, pushing, told, whole

from collector.pushing import Ground
from collector.sinks import AwayError, RefusedError
from edunet.errors import DeliveryError


def test_ten_rounds_of_thousands_arrive_in_order_and_no_series_twice_in_a_body(
    ground: Ground, serve: Serve
) -> None:
    receiver = Receiver()
    server = serve(told(receiver))
    for n in range(10):
        ground.log.append(interfaces(n, rows=2500))
    ground.log.sync()
    with pushing(ground, server.url) as pusher:
        until(lambda: whole(range(10), 2500) == counters(receiver), "everything")

    assert 0 == pusher.aside.kept
    for body in receiver.bodies:
        assert len(body) == len({sent.labels for sent in body})


@pytest.mark.parametrize("there", [1, 3, 5])
def test_what_the_receiver_has_already_costs_nothing_of_what_it_has_not(
    serve: Serve, opened: Open, there: int
) -> None:
    """After a crash of ours: the first rounds are there, of some series one more than of others."""
    receiver = Receiver()
    server = serve(told(receiver))
    rounds = [interfaces(n, rows=60) for n in range(8)]
    first = opened(server.url)
    first.write(rounds[:there])
    first.write([interfaces(there, rows=17)])
    before = len(server.asked)
    with pytest.raises(RefusedError) as caught:
        opened(server.url).write(rounds)

    assert whole(range(8), 60) == counters(receiver)
    assert all(refusal.late for refusal in caught.value.refusals)
    assert len(server.asked) - before < 100
    refused = b"\n".join(refusal.body for refusal in caught.value.refusals).decode()
    assert 'edunet_interface_up{county="c1",device="sw-0",interface="GE0/0/0"} 1.0' in refused


def test_samples_that_are_too_late_are_set_aside_once_and_never_tried_for_ever(
    ground: Ground, serve: Serve, opened: Open
) -> None:
    receiver = Receiver()
    server = serve(told(receiver))
    opened(server.url).write([interfaces(100)])
    accept(ground, range(3))
    accept(ground, range(200, 203))
    with pushing(ground, server.url) as pusher:
        until(lambda: whole(range(202, 203)).items() <= last(receiver).items(), "the newest round")
        until(lambda: pusher.aside.kept > 0, "what was too late")
        asked = len(server.asked)
        accept(ground, range(203, 204))
        until(lambda: whole(range(203, 204)).items() <= last(receiver).items(), "one more")

    assert asked + 1 == len(server.asked)
    kept = b"\n".join(path.read_bytes() for path in pusher.aside.folder.iterdir()).decode()
    lines = [line for line in kept.splitlines() if line[:1] != "#"]
    assert 3 * 3 * 2 == len(lines)  # three rounds of three interfaces, two metrics each
    assert "out of order sample" in kept
    assert 'interface="GE0/0/2"} 2000001.0 ' + str(START + 1000) in kept


def last(receiver: Receiver) -> Mapping[tuple[str, str], list[tuple[int, float]]]:
    return {key: samples[-1:] for key, samples in counters(receiver).items()}


def test_a_write_that_broke_off_goes_on_where_it_was(serve: Serve, opened: Open) -> None:
    """Or every sample the receiver took of it would be too old the second time."""
    receiver = Receiver()
    take = told(receiver)

    def rule(number: int, asked: Asked) -> Answer | None:
        return (503, {}, b"") if number in (1, 2) else take(number, asked)

    outlet = opened(serve(rule).url)
    frames = [interfaces(n, rows=2000) for n in range(5)]
    for _ in range(2):
        with pytest.raises(DeliveryError, match="503"):
            outlet.write(frames)
    outlet.write(frames)

    assert whole(range(5), 2000) == counters(receiver)
    assert {"unnamed": 0, "late": 0} == outlet.left_out


def test_a_receiver_that_died_in_a_write_is_given_all_of_it_again(
    serve: Serve, opened: Open
) -> None:
    receiver = Receiver()
    server: FakeServer = serve(told(receiver))
    outlet = opened(server.url)
    frames = [interfaces(n, rows=2000) for n in range(5)]
    post, count = outlet._way.post, [0]  # type: ignore[attr-defined]

    def dies(body: bytes) -> None:
        count[0] += 1
        if count[0] == 2:
            receiver.series.clear()  # VictoriaMetrics answers before it writes
            raise AwayError("it hung up")
        post(body)

    outlet._way.post = dies  # type: ignore[attr-defined]
    with pytest.raises(AwayError):
        outlet.write(frames)
    outlet.write(frames)

    assert whole(range(5), 2000) == counters(receiver)


def test_what_is_sent_again_after_a_break_is_not_set_aside_as_late(
    ground: Ground, serve: Serve
) -> None:
    """A receiver that was away and has forgotten nothing says "out of order" to all of it."""
    receiver = Receiver()
    away, take = [False], told(receiver)
    server = serve(lambda n, asked: None if away[0] else take(n, asked))
    with pushing(ground, server.url, timeout="50ms") as pusher:
        for n in range(10):
            accept(ground, range(n, n + 1))
            until(lambda n=n: whole(range(n + 1)) == counters(receiver), "a round")  # type: ignore[misc]
        away[0] = True
        accept(ground, range(10, 20))
        until(lambda: pusher.connected is False, "the break")
        away[0] = False
        until(lambda: whole(range(20)) == counters(receiver), "everything")
        until(lambda: 0.0 == pusher.lag_s, "no lag")
        assert pusher.outlet.left_out["late"] > 0

    assert 0 == pusher.aside.kept


def test_what_was_delivered_before_our_restart_is_not_set_aside_as_late(
    ground: Ground, serve: Serve
) -> None:
    receiver = Receiver()
    server = serve(told(receiver))
    for start in range(0, 30, 10):
        with pushing(ground, server.url) as pusher:
            for n in range(start, start + 10):
                accept(ground, range(n, n + 1))
                until(lambda n=n: whole(range(n + 1)) == counters(receiver), "a round")  # type: ignore[misc]
            until(lambda: 0.0 == pusher.lag_s, "no lag")
            ground.books.submit(lambda _: None).result(10)  # its cursors are in the books
        assert 0 == pusher.aside.kept


def test_killed_right_after_a_delivery_nothing_of_it_is_set_aside_later(
    ground: Ground, serve: Serve
) -> None:
    """The books know of it before it is begun; what they say then stays when we die in it."""
    receiver = Receiver()
    rule = told(receiver)
    known: list[bool] = []

    def watched(number: int, asked: Asked) -> Answer | None:
        with ground.books.read() as books:
            query = """SELECT segment, "offset" FROM cursors WHERE sink = 'rw/reached'"""
            known.append(books.execute(query).fetchone() == ground.log.end)
        return rule(number, asked)

    server = serve(once(watched))
    accept(ground, range(3))
    with pushing(ground, server.url):
        until(lambda: whole(range(3)) == counters(receiver), "three rounds")
    with pushing(ground, server.url) as pusher:
        accept(ground, range(3, 4))
        until(lambda: whole(range(4)) == counters(receiver), "a round more")

    assert known[0]
    assert 0 == pusher.aside.kept
