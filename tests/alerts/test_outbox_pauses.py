"""How long is a receiver that refuses left alone, and when is a notice given up?"""

from __future__ import annotations

import pytest
from daemons import until
from notices import alert, notice, outbox, rows
from pigeon import Pigeon, put, settled, states

from alerts.outbox import Outbox
from edunet.books import Books
from edunet.clock import ManualClock
from edunet.errors import DeliveryError

OPEN = notice(alert())


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_the_pause_grows_to_five_minutes_and_keeps_within_its_jitter(
    books: Books, pigeon: Pigeon, clock: ManualClock, jitter: float
) -> None:
    steps = (1, 2, 5, 10, 30, 60, 120, 300, 300)
    pigeon._fail += [DeliveryError("no") for _ in steps]
    box = outbox(books, {"duty": pigeon}, clock, jitter)
    box.start()
    try:
        put(box, OPEN)
        for tries, step in enumerate(steps, 1):
            until(lambda tries=tries: rows(books)[0][1:3] == ("new", tries), "the try")  # type: ignore[misc]
            due = rows(books)[0][3]
            assert step * (0.75 + jitter / 2) == (due - clock.now()) / 1000
            clock.advance((due - clock.now()) / 1000)
            put(box)
        settled(box)
    finally:
        box.stop()

    assert [OPEN.key] == pigeon._came


def test_a_receiver_that_names_its_pause_is_left_alone_for_so_long(
    box: Outbox, pigeon: Pigeon, clock: ManualClock, books: Books
) -> None:
    pigeon._fail.append(DeliveryError("busy", retry_after=42.0))
    box.start()
    put(box, OPEN)
    until(lambda: rows(books)[0][1:3] == ("new", 1), "the first try")

    assert 42_000 == rows(books)[0][3] - clock.now()


def test_what_is_refused_for_good_is_given_up_and_said(
    box: Outbox, pigeon: Pigeon, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    pigeon._fail.append(DeliveryError("webhook answered 413", permanent=True))
    box.start()
    put(box, OPEN)
    settled(box)

    assert {f"{OPEN.key}@duty": "dead"} == states(books)
    assert f"given up on notice {OPEN.key}: webhook answered 413" in caplog.text


def test_after_a_day_it_is_given_up(
    box: Outbox, pigeon: Pigeon, clock: ManualClock, books: Books
) -> None:
    pigeon._ill = DeliveryError("no")
    box.start()
    put(box, OPEN)
    until(lambda: rows(books)[0][1:3] == ("new", 1), "the first try")
    clock.advance(24 * 3600 - 1)
    put(box)
    until(lambda: rows(books)[0][1:3] == ("new", 2), "a try within the day")
    clock.advance(3600)
    put(box)
    settled(box)

    assert {f"{OPEN.key}@duty": "dead"} == states(books)


def test_a_channel_that_is_back_is_told_at_once_of_all_that_waited(
    box: Outbox, pigeon: Pigeon, clock: ManualClock
) -> None:
    told = [notice(alert(f"link-{n}")) for n in range(5)]
    pigeon._ill = DeliveryError("no", retry_after=3000.0)
    box.start()
    put(box, *told)
    until(lambda: len(pigeon._tried) == len(told), "a try for each")
    pigeon._ill = None
    put(box, OPEN)
    settled(box)

    assert OPEN.key == pigeon._came[0]
    assert {n.key for n in told} == set(pigeon._came[1:])
