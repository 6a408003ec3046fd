"""Does the overview order and count what the API answered, and invent nothing?"""

from __future__ import annotations

import answers

from api.overview import overview


def test_every_school_is_one_cell_in_inventory_order_within_its_county() -> None:
    page = overview(*answers.quiet(60))

    cells = [cell for row in page.rows for town in row.towns for cell in town]
    assert [f"s{number:04d}" for number in range(60)] == [cell.id for cell in cells]
    assert list(range(60)) == [cell.number for cell in cells]


def test_schools_of_no_county_come_first_and_have_no_name() -> None:
    page = overview(*answers.quiet(60))

    assert [None, "城东区", "青石县", "白鹭县"] == [row.name for row in page.rows]
    assert [6, 18, 18, 18] == [row.total for row in page.rows]


def test_without_such_schools_there_is_no_row_for_them() -> None:
    page = overview(*answers.of([answers.school(0, "c2", None)]))

    assert ["c1", "c2", "c3"] == [row.id for row in page.rows]


def test_a_school_of_a_county_we_may_not_see_is_not_lost() -> None:
    page = overview(*answers.of([answers.school(0, "elsewhere", None)]))

    assert (None, 1) == (page.rows[0].id, page.rows[0].total)


def test_a_township_split_in_the_inventory_is_one_group() -> None:
    towns = ["t1", "t2", "t1", None]
    page = overview(*answers.of([answers.school(i, "c1", town) for i, town in enumerate(towns)]))

    grouped = [[cell.id for cell in town] for town in page.rows[0].towns]
    assert [["s0000", "s0002"], ["s0001"], ["s0003"]] == grouped


def test_alerts_stand_by_impact_then_gravity_then_age() -> None:
    schools = [answers.school(i, "c1", None, incident="big" if i < 2 else None) for i in range(4)]
    alerts = [
        answers.alert("minor-old", "", severity="minor", since="2026-11-18T01:00:00+08:00"),
        answers.alert("critical-new", "", severity="critical"),
        answers.alert("critical-old", "", severity="critical", since="2026-11-18T02:00:00+08:00"),
        answers.alert("big", "", severity="info"),
    ]
    page = overview(*answers.of(schools, alerts))

    assert ["big", "critical-old", "critical-new", "minor-old"] == [one.id for one in page.alarms]


def test_only_firing_alerts_are_shown() -> None:
    alerts = [answers.alert(state, "", state=state) for state in ("pending", "firing", "resolved")]
    page = overview(*answers.of([answers.school(0, "c1", None)], alerts))

    assert ["firing"] == [one.id for one in page.alarms]


def test_an_alert_about_one_school_names_its_cell_and_its_classes() -> None:
    schools = [answers.school(i, "c1", None, classes=7) for i in range(3)]
    subject = {"type": "school", "id": "s0001", "name": ""}
    alerts = [answers.alert("a", "", subject=subject, incident=None)]
    alarm = overview(*answers.of(schools, alerts)).alarms[0]

    assert ((1,), 7) == (alarm.cells, alarm.classes)


def test_unknown_classes_count_as_nothing() -> None:
    schools = [answers.school(0, "c1", None, classes=None, incident="a")]
    alarm = overview(*answers.of(schools, [answers.alert("a", "")])).alarms[0]

    assert ((0,), 0) == (alarm.cells, alarm.classes)


def test_an_alert_looks_like_the_worst_school_it_hurts() -> None:
    schools = [
        answers.school(0, "c1", None, incident="a", state="degraded"),
        answers.school(1, "c1", None, incident="a", state="unreachable"),
    ]
    alarm = overview(*answers.of(schools, [answers.alert("a", "", severity="info")])).alarms[0]

    assert "unreachable" == alarm.look


def test_an_alert_lasts_from_its_beginning_to_the_time_of_the_answer() -> None:
    page = overview(*answers.of([], [answers.alert("a", "", since="2026-11-18T10:06:18+08:00")]))

    assert 18 * 60 == page.alarms[0].lasting_s


def test_a_clock_stepped_back_makes_no_negative_duration() -> None:
    page = overview(*answers.of([], [answers.alert("a", "", since="2026-11-18T11:00:00+08:00")]))

    assert 0 == page.alarms[0].lasting_s


def test_only_the_egress_of_the_city_is_shown_and_unknown_rates_stay_unknown() -> None:
    city = answers.quiet(3)
    links = [
        answers.egress("out", download_bps=None, committed_bps=None, carrier=None),
        answers.egress("inner", role="county_uplink"),
    ]
    page = overview(*city._replace(links=links))

    assert [("out", "out", None, 1e9)] == [
        (link.id, link.name, link.download_bps, link.committed_bps) for link in page.egress
    ]


def test_schools_in_trouble_are_grouped_by_what_ails_them_worst_first() -> None:
    schools = [
        answers.school(0, "c1", None, state="unknown"),
        answers.school(1, "c1", None, state="down", flags=["maintenance"], reason="x"),
        answers.school(2, "c1", None, state="unreachable", reason="x"),
        answers.school(3, "c1", None, state="unreachable", reason="y"),
        answers.school(4, "c1", None, state="unreachable", reason="y"),
        answers.school(5, "c1", None),
    ]
    groups = overview(*answers.of(schools)).groups

    assert [("unreachable", "y", 2), ("unreachable", "x", 1), ("unknown", None, 1),
            ("down", "x", 1)] == [(g.state, g.reason, len(g.cells)) for g in groups]  # fmt: skip


def test_data_is_stale_when_old_and_when_there_is_none() -> None:
    ages = [3.0, 61.0, None]
    pages = [overview(*answers.of([], data_age_s=age)) for age in ages]

    assert [False, True, True] == [page.stale for page in pages]


def test_the_answers_are_not_changed() -> None:
    given, untouched = answers.troubled(60), answers.troubled(60)
    overview(*given)

    assert untouched == given
