"""Is every notice that was accepted delivered: once, in order per alert, and not for nothing?"""

from __future__ import annotations

import sqlite3

import pytest
from daemons import until
from notices import T0, alert, notice, outbox, rows
from pigeon import Pigeon, put, settled, states

from alerts.alert import record
from alerts.outbox import Outbox
from edunet.books import Books
from edunet.clock import ManualClock
from edunet.errors import DeliveryError

OPEN, END = notice(alert()), notice(alert(), "resolve")


def test_a_notice_is_delivered_once(box: Outbox, pigeon: Pigeon, books: Books) -> None:
    box.start()
    put(box, OPEN)
    settled(box)
    put(box, OPEN)  # decided again after a restart
    settled(box)

    assert [OPEN.key] == pigeon._came
    assert {f"{OPEN.key}@duty": "sent"} == states(books)


def test_a_resolve_waits_for_its_open_while_other_alerts_go_on(
    box: Outbox, pigeon: Pigeon, clock: ManualClock
) -> None:
    pigeon._fail.append(DeliveryError("not now"))
    box.start()
    put(box, OPEN)
    until(lambda: pigeon._fail == [] and box.pending() == 1, "the first try")
    pigeon._ill = DeliveryError("still not")
    put(box, END)
    pigeon._ill = None
    other = notice(alert("core-c2"))
    put(box, other)
    until(lambda: pigeon._came == [other.key, OPEN.key, END.key], "all three, these in order")


def test_what_was_never_tried_is_not_told_when_it_is_over(
    box: Outbox, pigeon: Pigeon, books: Books
) -> None:
    put(box, OPEN)
    put(box, END)
    box.start()
    other = notice(alert("core-c2"))
    put(box, other)
    until(lambda: pigeon._came == [other.key], "the notice that still is true")
    settled(box)

    assert {"void"} == {state for key, state in states(books).items() if "core-c3" in key}


def test_what_was_tried_in_vain_may_have_arrived_so_its_end_is_told(
    box: Outbox, pigeon: Pigeon, clock: ManualClock
) -> None:
    pigeon._fail.append(DeliveryError("the answer was lost"))
    box.start()
    put(box, OPEN)
    until(lambda: pigeon._fail == [], "the first try")
    until(lambda: box.pending() == 1, "the open to be kept")
    put(box, END)
    clock.advance(2)
    put(box)
    settled(box)

    assert [OPEN.key, END.key] == pigeon._came


def test_a_resolve_accepted_twice_is_told_once_and_not_cancelled(
    box: Outbox, pigeon: Pigeon
) -> None:
    put(box, OPEN)
    box.start()
    settled(box)
    box.stop()
    put(box, END)
    put(box, END)

    assert 1 == box.pending()


def test_an_open_that_comes_after_its_resolve_is_not_told(box: Outbox, books: Books) -> None:
    """It was refused by a full disk at first, and what came after it was not."""
    put(box, END)
    put(box, OPEN)

    assert {f"{OPEN.key}@duty": "void", f"{END.key}@duty": "new"} == states(books)


def test_one_channel_that_hangs_holds_up_no_other(books: Books, clock: ManualClock) -> None:
    hanging, well = Pigeon(), Pigeon()
    well._gate.set()
    box = outbox(books, {"hanging": hanging, "well": well}, clock)
    box.start()
    put(box, OPEN)
    until(lambda: well._came == [OPEN.key] and hanging._tried == [OPEN.key], "both tried")
    until(lambda: box.pending() == 1, "the one that came to be written down")
    hanging._gate.set()
    settled(box)
    box.stop()


def test_a_channel_with_a_bug_goes_on_with_the_next_letter(
    box: Outbox, pigeon: Pigeon, caplog: pytest.LogCaptureFixture
) -> None:
    pigeon._fail.append(ValueError("a bug"))
    box.start()
    put(box, OPEN)
    settled(box)

    assert [OPEN.key] == pigeon._came
    assert "outbox of duty: a bug" in caplog.text


def test_what_was_being_sent_when_the_process_died_is_sent_again(
    books: Books, clock: ManualClock
) -> None:
    dying, well = Pigeon(), Pigeon()
    first = outbox(books, {"duty": dying}, clock)
    first.start()
    put(first, OPEN)
    until(lambda: dying._tried == [OPEN.key], "the letter to be on its way")
    assert {f"{OPEN.key}@duty": "sending"} == states(books)
    first.stop(0)

    second = outbox(books, {"duty": well}, clock)
    well._gate.set()
    put(second, END)  # while nobody knows whether the open arrived
    second.start()
    settled(second)
    dying._ill = DeliveryError("dead")
    dying._gate.set()
    first.stop()
    second.stop()

    assert [OPEN.key, END.key] == well._came


def test_alerts_outlive_the_process_newest_first_when_resolved(box: Outbox, books: Books) -> None:
    a, b, c = alert("a"), alert("b"), alert("c")
    put(box, notice(a), notice(b), notice(c))
    box.accept([b._replace(state="resolved", resolved=T0 + 5)], []).result(10)
    box.accept([c._replace(state="resolved", resolved=T0 + 9)], []).result(10)
    again = outbox(books, {})

    assert [a] == again.firing()
    assert ["al-c", "al-b"] == [closed.id for closed in again.closed()]
    assert ["al-c"] == [closed.id for closed in again.closed(1)]


def test_an_alert_of_another_version_is_left_out_and_said(
    box: Outbox, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    put(box, OPEN)
    sql = "INSERT INTO alerts VALUES ('al-old', ?, 'firing', 1, NULL)"
    books.submit(lambda b: b.execute(sql, ('{"id": "al-old"}',)) and None).result(10)

    assert [OPEN.alert] == box.firing()
    assert "alert al-old in the books is of another version" in caplog.text


def test_what_the_books_refuse_is_offered_again_in_order(
    box: Outbox, pigeon: Pigeon, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    def lock(books: sqlite3.Connection) -> None:
        books.execute("CREATE TRIGGER full BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'disk"
                      " full'); END")  # fmt: skip

    books.submit(lock).result(10)
    told = notice(alert("core-c2"))
    box.start()
    refused = box.accept([OPEN.alert], [OPEN])
    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        refused.result(10)
    box.accept([told.alert], [told])
    assert [] == rows(books)
    books.submit(lambda b: b.execute("DROP TRIGGER full") and None).result(10)
    until(lambda: len(pigeon._came) == 2, "both notices")

    assert [OPEN.key, told.key] == pigeon._came
    assert 1 == caplog.text.count("the books refuse an alert")
    assert record(OPEN.alert)["id"] in [fired.id for fired in box.firing()]
