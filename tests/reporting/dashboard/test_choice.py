"""The dashboard's address: what it means, and the addresses of other views."""

import msgspec
import pytest
from django.http import QueryDict

from reporting.dashboard.chips import chips_of
from reporting.dashboard.choice import Choice, address_of, kept_pairs, read_choice, report_pairs
from reporting.dashboard.period import unit_of
from reporting.dashboard.table import scope_of
from tracker.collection.refusal import Refusal

#: A Saturday.
TODAY = "2026-11-28"


def choose(address: str) -> Choice:
    """Read an address, as a browser would ask for it."""
    return read_choice(QueryDict(address.removeprefix("?")), "s1", TODAY)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", TODAY, TODAY),
        ("yesterday", "2026-11-27", "2026-11-27"),
        ("7d", "2026-11-22", TODAY),
        ("28d", "2026-11-01", TODAY),
        ("90d", "2026-08-31", TODAY),
        ("month", "2026-11-01", TODAY),
        ("last-month", "2026-10-01", "2026-10-31"),
    ],
)
def test_a_period_is_a_range_of_days_of_the_site(period: str, first: str, last: str) -> None:
    choice = choose(f"period={period}")
    assert (choice.period, choice.first, choice.last) == (period, first, last)


def test_days_of_ones_own_come_before_a_period() -> None:
    choice = choose("period=today&from=2026-01-05&to=2026-01-06")
    assert (choice.period, choice.first, choice.last) == ("", "2026-01-05", "2026-01-06")


def test_without_parameters_the_last_28_days_are_compared_with_those_before() -> None:
    choice = choose("")
    assert (choice.period, choice.compare, choice.model, choice.by) == ("28d", "previous", "last", "ad")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("period=never", "bad_period"),
        ("by=visitor", "bad_by"),
        ("show=roas", "bad_show"),
        ("campain=x", "unknown_parameter"),
    ],
)
def test_what_the_dashboard_does_not_know_is_refused_with_what_there_is(address: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        choose(address)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_an_address_has_the_whole_choice() -> None:
    address = (
        "?site=s1&period=7d&compare=year&model=linear&by=campaign&show=value&order=value&beside=last&beside=first"
        "&ad=a+%26+b&ad%21=c&channel=Paid+search&goal=purchase"
    )
    choice = choose(address)
    assert choice.beside == ("last", "first")
    assert choose(address_of(choice)) == choice
    assert choose(address_of(choice, after="x")) == msgspec.structs.replace(choice, after="x")


def test_the_report_has_the_filters_the_models_and_the_compared_days() -> None:
    pairs = report_pairs(choose("period=yesterday&model=linear&beside=last&ad=x&ad=y&goal=signup&by=day"))
    assert pairs == [
        ("site", "s1"),
        ("from", "2026-11-27"),
        ("to", "2026-11-27"),
        ("compare", "previous"),
        ("models", "linear,last"),
        ("by", "day"),
        ("order", "-day"),
        ("spend", "1"),
        ("ad", "x"),
        ("ad", "y"),
        ("goal", "signup"),
    ]
    assert ("model", "last") in report_pairs(choose("compare=none"))
    assert "compare" not in dict(report_pairs(choose("compare=none")))


def test_a_click_on_a_row_narrows_the_view_to_it() -> None:
    choice = choose("by=campaign&campaign=spring&campaign=brand&campaign!=old&ad=x&ad=y")
    spring = scope_of(choice, "spring")
    assert dict(spring.filters) | {"ad": ""} == {"ad": "", "campaign": "spring", "campaign!": "old"}
    assert [pair for pair in spring.filters if pair[0] == "ad"] == [("ad", "x"), ("ad", "y")]
    day = scope_of(choose("by=day&ad=x"), "2026-11-20")
    assert (day.period, day.first, day.last, day.filters) == ("", "2026-11-20", "2026-11-20", (("ad", "x"),))


def test_a_chip_leads_to_the_view_without_its_filter() -> None:
    choice = choose("ad=x&ad=y&channel!=Display")
    chips = chips_of(choice.filters, lambda filters: address_of(choice, filters=filters))
    assert [(chip.name, chip.value, chip.without) for chip in chips] == [
        ("ad", "x", False),
        ("ad", "y", False),
        ("channel", "Display", True),
    ]
    assert [choose(chip.href).filters for chip in chips] == [
        choice.filters[1:],
        choice.filters[::2],
        choice.filters[:2],
    ]


def test_a_form_sends_along_what_it_does_not_choose() -> None:
    choice = choose("period=7d&goal=signup&ad=x&model=linear&after=p")
    assert kept_pairs(choice, ("goal", "model")) == [("site", "s1"), ("period", "7d"), ("ad", "x")]


@pytest.mark.parametrize(
    ("first", "unit"),
    [(TODAY, "hour"), ("2026-11-27", "day"), ("2026-08-29", "day"), ("2026-08-28", "week"), ("2026-01-01", "month")],
)
def test_a_long_range_is_divided_into_longer_units(first: str, unit: str) -> None:
    assert unit_of(first, TODAY) == unit
