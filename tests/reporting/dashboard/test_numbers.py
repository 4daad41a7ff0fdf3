"""Amounts of a report, and their change against an earlier amount, as people read them."""

from decimal import Decimal

import pytest

from reporting.dashboard.numbers import (
    Amount,
    Change,
    Form,
    Number,
    change_of,
    difference_of,
    number_of,
    percent_change,
)


@pytest.mark.parametrize(
    ("now", "before", "percent"),
    [
        ("3.000000", "2.000000", "50.0"),
        (1, 3, "-66.7"),
        (0, 5, "-100.0"),
        ("1.000000", "1.000000", "0.0"),
        ("5.000000", "-10.000000", "150.0"),
        ("-20.000000", "-10.000000", "-100.0"),
    ],
)
def test_a_change_is_in_percent_of_the_earlier_amount(now: Amount, before: Amount, percent: str) -> None:
    assert percent_change(now, before) == Decimal(percent)


@pytest.mark.parametrize(("now", "before"), [(5, 0), ("1.000000", "0.000000"), (None, "1.000000"), ("1.000000", None)])
def test_without_an_earlier_amount_there_is_no_change(now: Amount, before: Amount) -> None:
    assert percent_change(now, before) is None
    assert change_of(now, before, "money", 1) is None


def test_whether_a_change_is_good_depends_on_the_figure() -> None:
    more = change_of("3.000000", "2.000000", "money", 1)
    assert more == Change("50.0 %", "up", "good", Number("2.000000", "2.00"))
    verdicts = [
        change and (change.way, change.verdict)
        for change in (
            change_of("3.000000", "2.000000", "money", -1),
            change_of("3.000000", "2.000000", "money", 0),
            change_of(1, 2, "count", 1),
            change_of(2, 2, "count", 1),
        )
    ]
    assert verdicts == [("up", "bad"), ("up", ""), ("down", "bad"), ("same", "")]


@pytest.mark.parametrize(
    ("amount", "form", "text", "rounded"),
    [
        (12345, "count", "12,345", False),
        ("1234.500000", "money", "1,234.50", False),
        ("0.333334", "share", "0.33", True),
        ("1200.000000", "share", "1,200", False),
        ("0.004999", "money", "0.00", True),
        ("-2.345000", "money", "-2.34", True),
    ],
)
def test_people_read_hundredths_and_the_exact_amount_stays(
    amount: Amount, form: Form, text: str, rounded: bool
) -> None:
    number = number_of(amount, form)
    assert number == Number(str(amount), text)
    assert number is not None
    assert number.is_rounded is rounded


def test_nothing_is_not_zero() -> None:
    assert number_of(None, "money") is None


def test_a_difference_is_an_amount_without_a_verdict() -> None:
    assert difference_of("9.470000", "2.000000", "share") == Change("7.47", "up", "", Number("2.000000", "2"))
    assert difference_of("2.000000", "1002.500000", "share") == Change(
        "1,000.5", "down", "", Number("1002.500000", "1,002.5")
    )
    assert difference_of("2.001000", "2.000000", "share") is None
    assert difference_of(None, "2.000000", "share") is None
