"""Queries and reports without a database: which parameters are accepted, and which rows cells give."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from conversions.attribution.credit import MODELS
from conversions.facts.ad_names import OTHER, AdName
from conversions.filters.filters import AD_KEYS
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.clock import DAY_MS, HOUR_MS, day_of
from conversions.units.micros import six_places
from reporting.figures.cells import CLICKS, by_touch_day
from reporting.report.query import KEYS, Query, longest_window, read_query
from reporting.report.reading import DayReader, read_clicks, read_credit, starts_of
from reporting.report.report import MAX_ROWS, check_size, report_of_cells
from reporting.report.rows import Report, Totals, Unattributed, flat_names, plain_rows
from reporting.report.table import csv_of, flat
from tests.rows import ClickRow, CreditRow, clicks_body, credit_body, credit_rows
from tracker.collection.refusal import Refusal

NOON = 1_795_435_200_000  # 2026-11-23T12:00Z
DAYS = {"from": "2026-11-22", "to": "2026-11-24"}
ONE_AD = AdName("summer", "sale", True)
STRAY = AdName("summer", "mail", False)


def goal(uid: str, key: str, *windows: int) -> Goal:
    versions = tuple(GoalVersion(version=n, starts_at=0, click_window=days * DAY_MS) for n, days in enumerate(windows))
    return Goal(uid=uid, key=key, versions=versions)


SITE = SiteConfig(key="s", goals=(goal("u1", "purchase", 7, 2), goal("u2", "signup", 3)))


def query(**parameters: str) -> Query:
    return read_query({**DAYS, **parameters}, SITE)


def refusal(parameters: Mapping[str, str]) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as error:
        read_query(parameters, SITE)
    return error.value.status, error.value.code, error.value.field


def clicks(*rows: ClickRow, at: int = NOON) -> Cell:
    return Cell(at - at % HOUR_MS, day_of(at, "UTC"), "", CLICKS, clicks_body(rows))


def credit(*rows: CreditRow, at: int = NOON, uid: str = "u1", model: str = "last") -> Cell:
    """Return a cell by the touch's day. CellStore makes the cell without days from it."""
    body = credit_body(msgspec.structs.replace(row, goal=uid) for row in rows)
    return Cell(at - at % HOUR_MS, day_of(at, "UTC"), "", by_touch_day(model), body)


def earned(ad: AdName | None, micros: int = 1_000_000, value: int = 0, day: str = "2026-11-23") -> CreditRow:
    return CreditRow(ad, day, micros, value)


class CellStore:
    """A store that has only cells."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = [*cells]
        self._cells += [without_days(cell) for cell in self._cells if cell.model != CLICKS]

    def within(self, asked: Query) -> list[Cell]:
        starts = starts_of(asked.credit_days(SITE), SITE)
        return [cell for cell in self._cells if starts[0] <= cell.start < starts[-1]]

    def read_cells(self, _site: str, models: Sequence[str], pages: Sequence[str]) -> list[Cell]:
        return [cell for cell in self._cells if cell.model in models and cell.page in pages]


def without_days(cell: Cell) -> Cell:
    rows = (msgspec.structs.replace(row, touch_day="") for row in credit_rows(cell))
    model = cell.model.removesuffix(by_touch_day(""))
    return msgspec.structs.replace(cell, model=model, body=credit_body(rows))


def reported(cells: Iterable[Cell], asked: Query) -> Report:
    kept: Any = CellStore(cells)
    reader = DayReader(kept, SITE, asked.credit_days(SITE), ((cell.start, 1) for cell in kept.within(asked)))
    return report_of_cells(read_clicks(reader, asked), read_credit(reader, asked, SITE), asked, SITE)[0]


def rows(cells: list[Cell], **parameters: str) -> list[dict[str, Any]]:
    asked = query(**parameters)
    return plain_rows(reported(cells, asked).rows, asked)


class TestParameters:
    """Which parameters a client may give."""

    def test_a_query_with_only_the_required_parameters_uses_the_contracts_defaults(self) -> None:
        assert query() == Query(first="2026-11-22", last="2026-11-24", model="last", by=("ad",), basis="conversion")
        assert query().days() == ["2026-11-22", "2026-11-23", "2026-11-24"]

    def test_an_empty_optional_parameter_is_an_absent_one(self) -> None:
        assert query(model="", by="", goal="", basis="", format="") == query()

    def test_by_keeps_the_order_given(self) -> None:
        assert query(by="day, ad,goal").by == ("day", "ad", "goal")

    def test_a_goal_is_named_by_its_key(self) -> None:
        asked = query(goal="signup")
        assert (asked.takes_goal("u2"), asked.takes_goal("u1")) == (True, False)

    @pytest.mark.parametrize("model", MODELS)
    def test_every_model_can_be_requested(self, model: str) -> None:
        assert query(model=model).model == model

    @pytest.mark.parametrize(
        ("parameters", "answer"),
        [
            ({"from": ""}, (400, "bad_day", "from")),
            ({"to": ""}, (400, "bad_day", "to")),
            ({"from": "22.11.2026"}, (400, "bad_day", "from")),
            ({"from": "20261122"}, (400, "bad_day", "from")),
            ({"from": "2026-W48-1"}, (400, "bad_day", "from")),
            ({"from": "2026-02-30"}, (400, "bad_day", "from")),
            ({"from": "2026-11-22\n"}, (400, "bad_day", "from")),
            ({"from": "٢٠٢٦-11-22"}, (400, "bad_day", "from")),
            ({"from": "0001-01-01", "to": "0001-01-02"}, (400, "bad_day", "from")),
            ({"to": "9999-12-31"}, (400, "bad_day", "to")),
            ({"to": "2026-11-21"}, (400, "bad_range", "to")),
            ({"to": "2027-12-27"}, (400, "range_too_long", "to")),
            ({"model": "best"}, (400, "bad_model", "model")),
            ({"model": "clicks"}, (400, "bad_model", "model")),
            ({"by": "ad,visitor"}, (400, "bad_by", "by")),
            ({"by": "ad,ad"}, (400, "bad_by", "by")),
            ({"by": "ad,"}, (400, "bad_by", "by")),
            ({"by": "," * 100_000}, (400, "bad_by", "by")),
            ({"by": "day,hour", "basis": "click"}, (400, "bad_by", "by")),
            ({"basis": "view"}, (400, "bad_basis", "basis")),
            ({"format": "xml"}, (400, "bad_format", "format")),
            ({"goal": "none"}, (404, "unknown_goal", "goal")),
            ({"goal": "u1"}, (404, "unknown_goal", "goal")),
            ({"goal!": "none"}, (404, "unknown_goal", "goal!")),
            ({"ad": "x" * 1_001}, (400, "bad_filter", "ad")),
            ({"chanel": "email"}, (400, "unknown_parameter", "chanel")),
            ({"models": "last,best"}, (400, "bad_models", "models")),
            ({"models": "last,last"}, (400, "bad_models", "models")),
            ({"models": "," * 100_000}, (400, "bad_models", "models")),
            ({"models": "last,first", "model": "first"}, (400, "bad_models", "models")),
        ],
    )
    def test_a_bad_parameter_is_named(self, parameters: dict[str, str], answer: tuple[int, str, str]) -> None:
        assert refusal({**DAYS, **parameters}) == answer

    def test_both_days_are_required(self) -> None:
        assert refusal({}) == refusal({"to": "2026-11-24"}) == (400, "bad_day", "from")
        assert refusal({"from": "2026-11-24"}) == (400, "bad_day", "to")

    def test_a_range_of_a_year_is_not_too_long(self) -> None:
        assert len(query(to="2027-12-26").days()) == 400

    def test_the_refusal_of_a_bad_model_names_all_models(self) -> None:
        with pytest.raises(Refusal, match=", ".join(MODELS)):
            query(model="best")

    def test_with_basis_click_conversions_are_read_for_the_longest_window_of_any_version(self) -> None:
        assert longest_window(SITE) == 7 * DAY_MS
        assert query().credit_days(SITE) == query().days()
        assert query(basis="click").credit_days(SITE)[-1] == "2026-12-02"
        assert query(basis="click").days() == query().days()


class TestRows:
    """Which rows cells give."""

    def test_clicks_and_credit_of_an_ad_are_in_one_row(self) -> None:
        cells = [clicks(ClickRow(ONE_AD, 3, 1)), credit(earned(ONE_AD, 500_000, 29_900_000), earned(None, 500_000, 7))]
        report = reported(cells, query())
        assert plain_rows(report.rows, query()) == [
            {
                "ad": "summer",
                "configured": True,
                "clicks": 3,
                "views": 1,
                "conversions": "0.500000",
                "value": "29.900000",
            }
        ]
        assert report.unattributed == Unattributed("0.500000", "0.000007")
        assert report.totals == Totals(3, 1, "1.000000", "29.900007")

    def test_a_foreign_ad_name_has_its_own_row_beside_a_configured_ad(self) -> None:
        found = rows([clicks(ClickRow(ONE_AD, 1, 0), ClickRow(STRAY, 5, 0))])
        assert [(row["ad"], row["configured"], row["clicks"]) for row in found] == [
            ("summer", True, 1),
            ("summer", False, 5),
        ]

    def test_one_name_under_several_campaigns_is_one_row_by_ad_and_several_by_campaign(self) -> None:
        cells = [clicks(ClickRow(AdName("x", "a", False), 1, 0), ClickRow(AdName("x", "", False), 2, 0))]
        assert [(row["ad"], row["clicks"]) for row in rows(cells)] == [("x", 3)]
        by_campaign = rows(cells, by="campaign")
        assert [(row["campaign"], row["clicks"]) for row in by_campaign] == [("(none)", 2), ("a", 1)]
        assert "configured" not in by_campaign[0]

    def test_a_campaign_is_one_row_whether_its_ads_are_configured_or_not(self) -> None:
        cells = [clicks(ClickRow(ONE_AD, 1, 0), ClickRow(AdName("y", "sale", False), 1, 0))]
        assert [(row["campaign"], row["clicks"]) for row in rows(cells, by="campaign")] == [("sale", 2)]

    def test_ads_beyond_the_named_ones_have_one_row(self) -> None:
        assert [row["ad"] for row in rows([clicks(ClickRow(OTHER, 9, 0))])] == ["(other)"]

    def test_columns_come_in_the_order_of_by_and_rows_are_sorted_by_them(self) -> None:
        cells = [
            clicks(ClickRow(ONE_AD, 1, 0), ClickRow(AdName("b", "", False), 1, 0), at=at)
            for at in (NOON + DAY_MS, NOON)
        ]
        found = rows(cells, by="day,ad")
        assert list(found[0]) == ["day", "ad", "configured", "clicks", "views", "conversions", "value"]
        assert [(row["day"], row["ad"]) for row in found] == [
            ("2026-11-23", "b"),
            ("2026-11-23", "summer"),
            ("2026-11-24", "b"),
            ("2026-11-24", "summer"),
        ]

    def test_an_hour_is_an_instant(self) -> None:
        assert rows([clicks(ClickRow(ONE_AD, 1, 0))], by="hour")[0]["hour"] == "2026-11-23T12:00:00Z"

    def test_grouped_by_goal_clicks_are_null_and_only_goals_with_credit_have_rows(self) -> None:
        cells = [
            clicks(ClickRow(ONE_AD, 3, 0), ClickRow(STRAY, 1, 0)),
            credit(earned(ONE_AD)),
            credit(earned(ONE_AD), uid="u2"),
        ]
        report = reported(cells, query(by="goal,ad"))
        assert [(row.goal, row.ad, row.clicks, row.views) for row in report.rows] == [
            ("purchase", "summer", None, None),
            ("signup", "summer", None, None),
        ]
        assert report.totals.clicks == 4

    def test_a_report_of_one_goal_has_its_conversions_and_all_clicks(self) -> None:
        cells = [clicks(ClickRow(ONE_AD, 3, 0)), credit(earned(ONE_AD)), credit(earned(ONE_AD, 7), uid="u2")]
        report = reported(cells, query(goal="signup"))
        assert [(row.clicks, row.conversions) for row in report.rows] == [(3, "0.000007")]
        assert report.totals.conversions == "0.000007"

    def test_empty_rows_are_left_out_even_if_amounts_cancel(self) -> None:
        cells = [credit(earned(ONE_AD, 0, 5)), credit(earned(ONE_AD, 0, -5), at=NOON + HOUR_MS), clicks()]
        assert rows(cells) == []

    def test_a_refunded_row_is_negative(self) -> None:
        assert rows([credit(earned(ONE_AD, 1_000_000, -1))])[0]["value"] == "-0.000001"

    def test_with_basis_click_credit_is_on_the_touchs_day_and_unattributed_on_the_conversions(self) -> None:
        later = NOON + 4 * DAY_MS
        cells = [
            credit(earned(ONE_AD, 1, 10), earned(ONE_AD, 2, 20, day="2026-11-20"), earned(None, 4, 40)),
            credit(
                earned(ONE_AD, 8, 80, day="2026-11-24"),
                earned(ONE_AD, 16, 160, day="2026-11-27"),
                earned(None, 32, 320, day="2026-11-27"),
                at=later,
            ),
        ]
        report = reported(cells, query(basis="click", by="day"))
        assert [(row.day, row.conversions, row.value) for row in report.rows] == [
            ("2026-11-23", "0.000001", "0.000010"),
            ("2026-11-24", "0.000008", "0.000080"),
        ]
        assert report.unattributed == Unattributed("0.000004", "0.000040")
        assert report.totals.conversions == "0.000013"

    def test_other_models_and_days_are_not_mixed_in(self) -> None:
        cells = [
            credit(earned(ONE_AD), model="first"),
            credit(earned(ONE_AD), at=NOON - 3 * DAY_MS),
            clicks(ClickRow(ONE_AD, 1, 0), at=NOON + 3 * DAY_MS),
        ]
        assert rows(cells) == []

    def test_sales_without_an_ad_stand_beside_those_of_ads_in_rows_without_ads(self) -> None:
        cells = [
            credit(earned(ONE_AD, 1, 10), earned(None, 2, 20)),
            credit(earned(None, 4, 40, "2026-11-24"), at=NOON + DAY_MS),
        ]
        found = rows(cells, by="day")
        assert [(row["day"], row["conversions"], row["unattributed"]["value"]) for row in found] == [
            ("2026-11-23", "0.000001", "0.000020"),
            ("2026-11-24", "0.000000", "0.000040"),
        ]
        assert "unattributed" not in rows(cells)[0]

    def test_beside_ads_sales_without_an_ad_have_rows_by_the_other_keys(self) -> None:
        cells = [credit(earned(ONE_AD, 1, 10), earned(None, 2, 20)), credit(earned(None, 4, 40), uid="u2")]
        lost = reported(cells, query(by="ad,goal")).unattributed
        assert lost.rows is not UNSET
        assert [(row.goal, row.conversions) for row in lost.rows] == [("purchase", "0.000002"), ("signup", "0.000004")]
        assert reported(cells, query(by="ad,campaign")).unattributed.rows is UNSET

    def test_days_are_added_up_by_iso_week_and_by_month(self) -> None:
        days = ("2026-12-31", "2027-01-03", "2027-01-04")
        cells = [clicks(ClickRow(ONE_AD, 1, 0), at=NOON + shift * DAY_MS) for shift in (38, 41, 42)]
        asked = {"from": days[0], "to": days[-1]}
        assert [(row["week"], row["clicks"]) for row in rows(cells, by="week", **asked)] == [
            ("2026-W53", 2),
            ("2027-W01", 1),
        ]
        assert [(row["month"], row["clicks"]) for row in rows(cells, by="month", **asked)] == [
            ("2026-12", 1),
            ("2027-01", 2),
        ]

    def test_a_filter_on_ads_leaves_out_others_and_what_is_unattributed(self) -> None:
        winter = AdName("winter", "sale", True)
        cells = [
            clicks(ClickRow(ONE_AD, 3, 0), ClickRow(winter, 5, 0)),
            credit(earned(ONE_AD, 1), earned(winter, 2), earned(None, 4)),
        ]
        only = reported(cells, query(ad="winter"))
        assert (only.totals.clicks, only.totals.conversions) == (5, "0.000002")
        assert only.unattributed.conversions == "0.000000"
        rest = reported(cells, query(**{"ad!": "winter", "by": "goal"}))
        assert (rest.totals.clicks, rest.totals.conversions) == (3, "0.000005")
        assert rest.unattributed.conversions == "0.000004"

    def test_a_filter_may_be_repeated(self) -> None:
        cells = [clicks(ClickRow(ONE_AD, 1, 0), ClickRow(STRAY, 2, 0), ClickRow(OTHER, 4, 0))]
        asked = QueryDict("from=2026-11-22&to=2026-11-24&campaign=sale&campaign=mail&ad%21=nobody")
        assert reported(cells, read_query(asked, SITE)).totals.clicks == 3

    def test_models_stand_side_by_side_with_their_difference_from_last(self) -> None:
        cells = [
            credit(earned(ONE_AD, 1_000_000, 9_000_000)),
            credit(earned(ONE_AD, 250_000, 2_000_000), model="linear"),
        ]
        (row,) = rows(cells, models="linear,last")
        assert row["conversions"] == "0.250000"
        assert row["models"] == {
            "linear": {
                "conversions": "0.250000",
                "value": "2.000000",
                "difference": {"conversions": "-0.750000", "value": "-7.000000"},
            },
            "last": {
                "conversions": "1.000000",
                "value": "9.000000",
                "difference": {"conversions": "0.000000", "value": "0.000000"},
            },
        }
        assert flat_names(query(models="linear", by="day"))[3:8] == [
            *("conversions", "value", "unattributed.conversions", "unattributed.value", "models.linear.conversions"),
        ]
        assert set(flat(row)) == set(flat_names(query(models="linear,last")))

    def test_a_report_of_too_many_rows_is_refused(self) -> None:
        check_size(MAX_ROWS)
        with pytest.raises(Refusal, match="rows"):
            check_size(MAX_ROWS + 1)


NAMES = st.sampled_from([ONE_AD, STRAY, OTHER, AdName("winter", "sale", True), AdName("", "", False)])
INSTANTS = st.integers(NOON - 4 * DAY_MS, NOON + 6 * DAY_MS)
MICROS = st.integers(-(10**20), 10**20)
CELLS = st.lists(
    st.one_of(
        st.builds(
            lambda at, found: clicks(*found, at=at),
            INSTANTS,
            st.lists(st.builds(ClickRow, NAMES, st.integers(0, 9), st.integers(0, 9)), max_size=4),
        ),
        st.builds(
            lambda at, uid, model, found: credit(
                *(row if row.ad else earned(None, row.credit, row.value, day_of(at, "UTC")) for row in found),
                at=at,
                uid=uid,
                model=model,
            ),
            INSTANTS,
            st.sampled_from(["u1", "u2", "gone"]),
            st.sampled_from(["last", "linear"]),
            st.lists(
                st.builds(
                    CreditRow,
                    st.none() | NAMES,
                    st.sampled_from(["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"]),
                    MICROS,
                    MICROS,
                ),
                max_size=4,
            ),
        ),
    ),
    max_size=12,
)
BYS = st.lists(st.sampled_from([key for key in KEYS if key != "hour"]), min_size=1, unique=True).map(",".join)


def micros(text: str) -> int:
    """Return the micros of a decimal string with six places."""
    assert len(text.partition(".")[2]) == 6
    return int(text.replace(".", ""))


FILTERED = st.fixed_dictionaries(
    {},
    optional={
        "ad": st.sampled_from(["summer", "winter"]),
        "ad!": st.sampled_from(["summer", "nothing"]),
        "campaign": st.sampled_from(["sale", "(none)"]),
        "campaign!": st.just("sale"),
        "channel": st.sampled_from(["other", "(other)", "email"]),
        "channel!": st.just("other"),
        "source!": st.sampled_from(["(none)", "(other)"]),
        "medium": st.sampled_from(["(none)", "cpc"]),
        "network": st.sampled_from(["(none)", "(other)"]),
        "goal": st.sampled_from(["purchase", "signup"]),
        "goal!": st.just("signup"),
    },
)
AMOUNTS = ("conversions", "value")


def sums_of(parts: Iterable[Any]) -> list[int]:
    kept = list(parts)
    return [sum(micros(getattr(part, name)) for part in kept) for name in AMOUNTS]


@given(
    cells=CELLS,
    by=BYS,
    basis=st.sampled_from(["conversion", "click"]),
    filters=FILTERED,
    models=st.sampled_from(["", "last,linear", "linear"]),
)
def test_rows_and_unattributed_add_up_to_the_totals_in_every_grouping(
    cells: list[Cell], by: str, basis: str, filters: dict[str, str], models: str
) -> None:
    asked = {**filters, "basis": basis, "models": models}
    report = reported(cells, query(by=by, **asked))
    assert sums_of([*report.rows, report.unattributed]) == sums_of([report.totals])
    if "goal" not in by:
        assert sum(row.clicks for row in report.rows if row.clicks) == report.totals.clicks
    keys = [tuple(getattr(row, key) for key in by.split(",")) for row in report.rows]
    assert keys == sorted(keys)
    assert reported(cells, query(by="day", **asked)).totals == report.totals


@given(cells=CELLS, by=BYS, basis=st.sampled_from(["conversion", "click"]), filters=FILTERED)
def test_what_is_unattributed_is_told_by_its_keys(
    cells: list[Cell], by: str, basis: str, filters: dict[str, str]
) -> None:
    report = reported(cells, query(by=by, basis=basis, **filters))
    others = [key for key in by.split(",") if key not in AD_KEYS]
    if not others:
        assert report.unattributed.rows is UNSET
        return
    lost = report.unattributed.rows if len(others) < len(by.split(",")) else [row.unattributed for row in report.rows]
    assert lost is not UNSET
    assert sums_of(lost) == sums_of([report.unattributed])
    # For each key, attributed and unattributed amounts together equal the amount in a report by the other keys alone.
    whole = {
        key_of(row, others): row for row in reported(cells, query(by=",".join(others), basis=basis, **filters)).rows
    }
    for key, row in whole.items():
        parts: list[Any] = [part for part in report.rows if key_of(part, others) == key]
        if report.unattributed.rows is not UNSET:
            parts += [part for part in report.unattributed.rows if key_of(part, others) == key]
        else:
            parts += [part.unattributed for part in parts]
        assert sums_of(parts) == sums_of([row, row.unattributed])


def key_of(row: Any, names: list[str]) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in names)


@given(st.integers(-(10**30), 10**30))
def test_a_decimal_has_six_places_and_loses_nothing(amount: int) -> None:
    assert micros(six_places(amount)) == amount


class TestTable:
    """The report as CSV."""

    def test_it_has_the_rows_columns_and_null_is_empty(self) -> None:
        row = {"ad": 'a "b", c', "configured": True, "clicks": None, "value": "1.000000"}
        assert csv_of(list(row), [row]) == 'ad,configured,clicks,value\r\n"a ""b"", c",true,,1.000000\r\n'

    @pytest.mark.parametrize(
        "name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-1e5", "--5", "+"]
    )
    def test_a_name_that_a_spreadsheet_would_run_is_escaped(self, name: str) -> None:
        text = csv_of(["ad"], [{"ad": name}])
        assert text.removeprefix("ad\r\n").lstrip('"').startswith("'" + name[0])

    @pytest.mark.parametrize("number", ["-29.900000", "-5", "+5", "0.000000"])
    def test_numbers_stay_numbers(self, number: str) -> None:
        assert csv_of(["value"], [{"value": number}]) == f"value\r\n{number}\r\n"


def test_a_report_ordered_by_a_figure_of_spend_has_spend_and_one_by_hour_never() -> None:
    assert [query(order="-roas").spend, query().spend, query(spend="0").spend, query(by="hour").spend] == [
        *(True, None, False, False),
    ]
    for parameters in ({"spend": "0"}, {"by": "hour"}):
        assert refusal({**DAYS, "order": "-cost", **parameters}) == (400, "bad_order", "order")
    assert refusal({**DAYS, "spend": "yes"}) == (400, "bad_spend", "spend")
