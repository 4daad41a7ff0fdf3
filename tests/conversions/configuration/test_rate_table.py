"""Currencies: dated rates are loaded from a file and convert amounts into the site's currency."""

import random
from collections.abc import Callable
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from conversions.configuration.rate_table import load
from conversions.explain.find import find_order
from conversions.marks.marks import WHOLE_SITE
from conversions.models import Goal, Mark, RateLoad, RateRow, SiteCurrency
from conversions.rules.rate_file import BadRates, read_rate_file
from conversions.rules.rates import MAX_AGE_DAYS, Quote, Rate, convert, rate_text, series_of
from conversions.store.port import Store
from tests.explaining import explained
from tests.reports import DatedShop
from tracker.models import CURRENCIES

HEADER = "day,base,quote,rate\n"


def quote(day: str, base: str, into: str, rate: str) -> Quote:
    whole, _, part = rate.partition(".")
    return Quote(day, base, into, int(whole + part.ljust(12, "0")))


def worth(day: str, *quotes: Quote, currency: str = "GBP", into: str = "EUR") -> Rate | None:
    return series_of(currency, into, quotes).on(day)


class TestRates:
    """The rate of a currency on a day."""

    def test_a_pairs_own_quote_goes_before_its_inverse_and_before_a_common_base(self) -> None:
        round_about = [quote("2024-11-20", "USD", "GBP", "0.5"), quote("2024-11-20", "USD", "EUR", "0.8")]
        opposite = quote("2024-11-20", "EUR", "GBP", "0.8")
        own = quote("2024-11-20", "GBP", "EUR", "1.3")
        for quotes, expected in (
            ([*round_about, opposite, own], Fraction(13, 10)),
            ([*round_about, opposite], Fraction(10, 8)),
            (round_about, Fraction(16, 10)),
            (round_about[:1], None),
        ):
            found = worth("2024-11-20", *random.Random(5).sample(quotes, len(quotes)))
            assert (found.worth if found else None) == expected

    def test_a_common_base_is_the_first_by_code_and_both_quotes_are_of_one_day(self) -> None:
        quotes = [quote("2024-11-20", "USD", "GBP", "0.5"), quote("2024-11-19", "USD", "EUR", "0.8")]
        assert worth("2024-11-20", *quotes) is None
        quotes = [
            quote("2024-11-20", base, into, rate)
            for base in ("USD", "CHF")
            for into, rate in (("GBP", "2"), ("EUR", "4"))
        ]
        quotes.append(quote("2024-11-20", "AUD", "GBP", "1"))
        found = worth(
            "2024-11-20", *quotes, quote("2024-11-20", "BRL", "GBP", "1"), quote("2024-11-20", "BRL", "EUR", "3")
        )
        assert found == Rate("2024-11-20", Fraction(3))

    def test_the_newest_rate_of_the_day_or_the_week_before_counts(self) -> None:
        quotes = [quote("2024-11-13", "GBP", "EUR", "1"), quote("2024-11-20", "GBP", "EUR", "2")]
        assert MAX_AGE_DAYS == 7
        assert [
            (found.day, int(found.worth)) if found else None
            for day in ("2024-11-12", "2024-11-13", "2024-11-19", "2024-11-20", "2024-11-27", "2024-11-28")
            for found in [worth(day, *quotes)]
        ] == [
            *(None, ("2024-11-13", 1), ("2024-11-13", 1)),
            *(("2024-11-20", 2), ("2024-11-20", 2), None),
        ]

    @pytest.mark.parametrize(
        ("micros", "rate", "expected"),
        [
            (1, Fraction(1, 2), 0),
            (3, Fraction(1, 2), 2),
            (5, Fraction(1, 2), 2),
            (-3, Fraction(1, 2), -2),
            (100_000_000, Fraction(1, 3), 33_333_333),
            (10**18, Fraction(123456789, 1000), 123456789 * 10**15),
        ],
    )
    def test_amounts_are_exact_and_rounded_once_half_to_even(self, micros: int, rate: Fraction, expected: int) -> None:
        assert convert(micros, rate) == expected
        assert convert(-micros, rate) == -expected

    def test_a_currency_without_decimals_needs_no_special_rule(self) -> None:
        yen = worth("2024-11-20", quote("2024-11-20", "EUR", "JPY", "163.25"), currency="JPY")
        assert yen is not None
        assert convert(5_000_000_000, yen.worth) == 30_627_871
        assert rate_text(yen.worth) == "0.006125574273"


class TestFile:
    """The files that `load_rates` accepts, and its messages about bad ones."""

    def read(self, text: str) -> list[Quote]:
        return read_rate_file(StringIO(text, newline=""), "2024-11-24", CURRENCIES)

    def problems(self, text: str) -> list[str]:
        with pytest.raises(BadRates) as caught:
            self.read(text)
        return caught.value.problems

    def test_columns_may_come_in_any_order_and_empty_lines_are_skipped(self) -> None:
        text = "Rate, quote,base,day\r\n1.0842,USD,EUR,2024-11-20\r\n\r\n 163 ,JPY,EUR,2024-11-20\r\n"
        assert self.read(text) == [
            quote("2024-11-20", "EUR", "USD", "1.0842"),
            quote("2024-11-20", "EUR", "JPY", "163"),
        ]

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("2024-11-20,EUR,usd,1", "line 3: 'usd' is no ISO 4217 code"),
            ("2024-11-20,EUR,EUR,1", "base and quote are both EUR"),
            ("2024-11-31,EUR,USD,1", "'2024-11-31' is no day"),
            ("20.11.2024,EUR,USD,1", "'20.11.2024' is no day"),
            ("2024-11-25,EUR,USD,1", "2024-11-25 is not between"),
            ("1969-12-31,EUR,USD,1", "1969-12-31 is not between"),
            ("2024-11-20,EUR,USD,0", "'0' is no rate"),
            ("2024-11-20,EUR,USD,-1", "'-1' is no rate"),
            ("2024-11-20,EUR,USD,1e3", "'1e3' is no rate"),
            ("2024-11-20,EUR,USD,NaN", "'NaN' is no rate"),
            ('2024-11-20,EUR,USD,"1,08"', "'1,08' is no rate"),
            ("2024-11-20,EUR,USD,1.0000000000001", "is no rate"),
            ("2024-11-20,EUR,USD,1234567890", "is no rate"),
            ("2024-11-20,EUR,USD,N/A", "'N/A' is no rate"),
            ("2024-11-20,EUR,USD", "3 columns instead of 4"),
            ("2024-11-20,EUR,CHF,0.9", "EUR/CHF of 2024-11-20 has another rate in line 2"),
            ("2024-11-20,EUR,USD,1\0", "is no rate"),
        ],
    )
    def test_each_bad_line_is_reported_with_its_problem(self, line: str, says: str) -> None:
        (problem,) = self.problems(f"{HEADER}2024-11-20,EUR,CHF,0.93\n{line}\n")
        assert problem.startswith("line 3: ")
        assert says in problem

    def test_all_bad_lines_are_reported_up_to_a_bound(self) -> None:
        with pytest.raises(BadRates, match="and 10 more") as caught:
            self.read(HEADER + "nonsense\n" * 30)
        assert len(caught.value.problems) == 30

    @pytest.mark.parametrize("text", ["", "day,base,quote\n", "2024-11-20,EUR,USD,1\n"])
    def test_the_header_names_the_columns(self, text: str) -> None:
        assert self.problems(text) == ["line 1: must name the columns day,base,quote,rate, in any order"]

    def test_a_file_without_rates_is_refused(self) -> None:
        assert self.problems(HEADER) == ["it has no rates"]

    def test_the_same_rate_may_come_twice(self) -> None:
        assert len(self.read(HEADER + "2024-11-20,EUR,CHF,0.93\n" * 2)) == 1


@pytest.fixture
def shop(store: Store) -> DatedShop:
    """A shop in euros, in Berlin."""
    return DatedShop(store, "Europe/Berlin")


Load = Callable[..., str]


@pytest.fixture
def load_lines(tmp_path: Path, settings: Any) -> Load:
    """Loads lines with the command and returns its output. The days are over in every timezone, but not frozen."""
    settings.RETENTION_DAYS = 3660

    def run(*lines: str) -> str:
        file, said = tmp_path / "rates.csv", StringIO()
        file.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8-sig")
        call_command("load_rates", str(file), stdout=said)
        return said.getvalue()

    return run


def value(shop: DatedShop, day: str = "2024-11-20") -> str:
    return str(shop.report(day, day)["totals"]["value"])


def unrated(shop: DatedShop, day: str = "2024-11-20", **parameters: str) -> Any:
    """Return the value that a day's report leaves out because no rate is known."""
    return shop.report(day, day, **parameters)["set_aside"]["no_rate"]


def explain(shop: DatedShop, order: str) -> Any:
    (case,) = find_order(shop.store, shop.config(), order).cases
    return explained(shop.store, shop.config(), case)


def open_buckets(shop: DatedShop) -> set[int]:
    return set(Mark.objects.filter(site=shop.site.key, marked=True).values_list("bucket", flat=True))


@pytest.mark.django_db
class TestReports:
    """Figures and explanations, on every store."""

    def test_a_conversion_without_a_rate_counts_and_its_value_is_unrated_until_a_rate_is_loaded(
        self, shop: DatedShop, load_lines: Load
    ) -> None:
        shop.receive(shop.sale("2024-11-20T12:00Z", 100, currency="GBP", order="A"))
        assert shop.report("2024-11-20", "2024-11-20")["totals"]["conversions"] == "1.000000"
        assert value(shop) == "0.000000"
        told = explain(shop, "A")
        assert (told["value_reason"], told["rate"]) == ("no_rate", None)
        load_lines("2024-11-19,EUR,GBP,0.8")
        shop.roll_up()
        assert value(shop) == "125.000000"
        told = explain(shop, "A")
        assert (told["value"], told["currency"], told["value_reason"]) == ("125.000000", "EUR", None)
        assert told["sent"] == {"value": "100.000000", "currency": "GBP"}
        assert told["rate"] == {"rate": "1.250000000000", "day": "2024-11-19"}

    def test_each_conversion_uses_the_rate_of_its_own_site_local_day(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,GBP,EUR,1", "2024-11-21,GBP,EUR,2")
        shop.receive(
            shop.sale("2024-11-20T22:59:59Z", 10, currency="GBP", order="A"),
            shop.sale("2024-11-20T23:00:00Z", 10, currency="GBP", order="B"),
        )
        assert (value(shop), value(shop, "2024-11-21")) == ("10.000000", "20.000000")

    def test_a_refund_uses_its_own_currency_and_day(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,EUR,USD,1.25", "2024-12-01,EUR,USD,1.6")
        shop.receive(
            shop.sale("2024-11-20T12:00Z", 100, currency="USD", order="A"),
            shop.hit("adjustment", "2024-12-01T12:00Z", order="A", kind="refund", value=16_000_000, currency="USD"),
            shop.hit("adjustment", "2024-12-02T12:00Z", order="A", kind="refund", value=1_000_000, currency="CHF"),
        )
        assert value(shop) == "70.000000"
        told = explain(shop, "A")
        assert told["value_reason"] == "no_rate"
        assert [(one["effect"], one["rate"]) for one in told["adjustments"]] == [
            ("applied", {"rate": "0.625000000000", "day": "2024-12-01"}),
            ("no_rate", None),
        ]

    def test_the_report_totals_the_unrated_value(self, shop: DatedShop, load_lines: Load) -> None:
        shop.receive(
            shop.sale("2024-11-20T12:00Z", 100, currency="GBP", order="A"),
            shop.hit("adjustment", "2024-11-21T12:00Z", order="A", kind="refund", value=1_500_000, currency="CHF"),
            shop.sale("2024-11-20T13:00Z", 40, currency="GBP", order="B"),
            shop.hit("adjustment", "2024-11-20T14:00Z", order="B", kind="refund", value=10_000_000, currency="GBP"),
            shop.sale("2024-11-20T12:00Z", 7, currency="GBP", order="C"),
            shop.hit("adjustment", "2024-11-20T14:00Z", order="C", kind="restate", value=6_000_000),
            shop.sale("2024-11-20T12:00Z", 9, currency="GBP", order="D"),
            shop.hit("adjustment", "2024-11-20T14:00Z", order="D", kind="retract"),
            shop.sale("2024-11-20T12:00Z", 5),
        )
        missing = {"conversions": 2, "values": {"CHF": "-1.500000", "GBP": "130.000000"}}
        assert unrated(shop) == unrated(shop, basis="click") == unrated(shop, goal="purchase") == missing
        assert unrated(shop, goal="signup") == unrated(shop, "2024-11-21") == {"conversions": 0, "values": {}}
        assert explain(shop, "A")["set_aside"] == {"CHF": "-1.500000", "GBP": "100.000000"}
        assert [explain(shop, order)["set_aside"] for order in "BC"] == [{"GBP": "30.000000"}, {}]
        load_lines("2024-11-20,EUR,GBP,0.8")
        shop.roll_up()
        assert unrated(shop) == {"conversions": 1, "values": {"CHF": "-1.500000"}}
        load_lines("2024-11-20,EUR,CHF,0.9")
        shop.roll_up()
        assert unrated(shop) == {"conversions": 0, "values": {}}

    def test_only_what_the_goal_counts_is_unrated(self, shop: DatedShop) -> None:
        Goal.objects.create(site=shop.site, key="margin", event="margin", factor="0.2")
        Goal.objects.create(site=shop.site, key="fixed", event="fixed", fixed_value=5)
        for name in ("margin", "fixed"):
            sale = shop.hit("event", "2024-11-20T12:00Z", name=name, value=50_000_000, currency="GBP", order=name)
            refund = shop.hit(
                "adjustment", "2024-11-20T13:00Z", order=name, kind="refund", value=50_000_000, currency="GBP"
            )
            shop.receive(sale, refund)
        assert unrated(shop, goal="margin") == {"conversions": 1, "values": {"GBP": "0.000000"}}
        assert unrated(shop, goal="fixed") == {"conversions": 1, "values": {"GBP": "-50.000000"}}

    def test_a_late_rate_for_a_refund_changes_the_day_of_its_order(self, shop: DatedShop, load_lines: Load) -> None:
        shop.receive(
            shop.sale("2024-08-20T12:00Z", 100, order="A"),
            shop.hit("adjustment", "2024-11-20T12:00Z", order="A", kind="refund", value=10_000_000, currency="USD"),
        )
        assert value(shop, "2024-08-20") == "100.000000"
        load_lines("2024-11-20,USD,EUR,2")
        shop.roll_up()
        assert value(shop, "2024-08-20") == "80.000000"

    def test_a_fixed_value_is_in_the_sites_currency_whatever_the_hit_says(
        self, shop: DatedShop, load_lines: Load
    ) -> None:
        Goal.objects.create(site=shop.site, key="lead", event="lead", fixed_value=5)
        load_lines("2024-11-20,USD,EUR,2")
        shop.receive(
            shop.hit("event", "2024-11-20T12:00Z", name="lead", value=9_000_000, currency="USD", order="L"),
        )
        assert value(shop) == "5.000000"
        assert explain(shop, "L")["rate"] is None

    def test_yen_are_converted_like_other_currencies(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,EUR,JPY,163.25")
        shop.receive(shop.sale("2024-11-20T12:00Z", 5000, currency="JPY"))
        assert value(shop) == "30.627871"

    def test_the_parts_of_a_converted_value_still_add_up(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,EUR,GBP,0.7")
        clicks = [shop.click(f"2024-11-20T0{n}:00Z", ad=f"ad{n}") for n in range(7)]
        shop.receive(*clicks, shop.sale("2024-11-20T12:00Z", 100, currency="GBP"))
        report = shop.report("2024-11-20", "2024-11-20", model="linear")
        assert report["totals"]["value"] == "142.857143"
        assert sum(int(row["value"].replace(".", "")) for row in report["rows"]) == 142_857_143

    def test_live_counters_convert_too(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,GBP,EUR,2")
        shop.receive(shop.sale("2024-11-20T12:00Z", 10, currency="GBP"))
        shop.receive(shop.sale("2024-11-20T12:01Z", 10, currency="GBP"))
        live = shop.report("2024-11-20", "2024-11-20", now="2024-11-20T12:30Z")["live"]
        assert live["value"] in ("20.000000", "40.000000")  # the first hit may be counted before its currency is known
        assert value(shop) == "40.000000"

    def test_an_absurd_value_does_not_stop_a_rollup(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,KWD,EUR,999999999.999999999999")
        shop.receive(*(shop.sale("2024-11-20T12:00Z", 999_999_999_999, currency="KWD") for _ in range(3)))
        assert shop.report("2024-11-20", "2024-11-20")["totals"]["conversions"] == "3.000000"
        assert value(shop).startswith("29999999999")


@pytest.mark.django_db
class TestLoading:
    """`manage.py load_rates`."""

    @pytest.fixture
    def shop(self, sql_store: Store) -> DatedShop:
        return DatedShop(sql_store)

    def test_a_file_with_a_bad_line_loads_nothing(self, load_lines: Load) -> None:
        with pytest.raises(CommandError, match=r"(?s)nothing was loaded.*line 3: 'XYZ' is no ISO"):
            load_lines("2024-11-20,EUR,USD,1.1", "2024-11-20,EUR,XYZ,1.1")
        assert not RateRow.objects.exists()

    def test_an_unreadable_file_ends_with_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"2024-11-20,EUR,\xff,1\n")
        for name in ("absent.csv", "latin.csv", "."):
            with pytest.raises(CommandError, match="can't be read"):
                call_command("load_rates", str(tmp_path / name))

    def test_loaded_again_it_changes_and_marks_nothing(self, shop: DatedShop, load_lines: Load) -> None:
        shop.receive(shop.sale("2024-11-20T12:00Z", currency="GBP"))
        line = "2024-11-20,EUR,GBP,0.123456789012"
        assert "1 rates added, 0 changed, 0 as they were. 1 sites" in load_lines(line)
        assert RateRow.objects.get().rate == "0.123456789012"
        shop.roll_up()
        assert "All 1 rates were there already" in load_lines(line)
        assert open_buckets(shop) == set()
        assert RateLoad.objects.count() == 1

    def test_a_corrected_rate_replaces_the_old_one_and_figures_follow(self, shop: DatedShop, load_lines: Load) -> None:
        shop.receive(shop.sale("2024-11-20T12:00Z", 10, currency="GBP"))
        load_lines("2024-11-20,GBP,EUR,1")
        shop.roll_up()
        assert "0 rates added, 1 changed, 0 as they were" in load_lines("2024-11-20,GBP,EUR,2")
        shop.roll_up()
        assert RateRow.objects.get().rate == "2.000000000000"
        assert value(shop) == "20.000000"

    def test_only_days_that_may_use_the_rates_are_marked(self, shop: DatedShop, load_lines: Load) -> None:
        for day in ("2024-11-11", "2024-11-12", "2024-11-19", "2024-11-20"):
            shop.receive(shop.sale(f"{day}T12:30Z", currency="GBP"))
        load_lines("2024-11-12,GBP,EUR,1")
        marked = {row.bucket for row in Mark.objects.filter(site=shop.site.key, marked=True)}
        hours = {shop.hit("page", f"{day}T12:00Z").at for day in ("2024-11-12", "2024-11-19")}
        assert marked == hours

    def test_a_site_with_an_adjustment_in_another_currency_is_marked_as_a_whole(
        self, shop: DatedShop, load_lines: Load
    ) -> None:
        refund = shop.hit("adjustment", "2024-11-20T12:00Z", order="A", kind="refund", value=1, currency="USD")
        shop.receive(shop.sale("2024-01-20T12:00Z", order="A"), refund)
        load_lines("2024-11-20,USD,EUR,2")
        assert open_buckets(shop) == {WHOLE_SITE}

    def test_a_site_with_its_own_currency_alone_is_left_alone(self, shop: DatedShop, load_lines: Load) -> None:
        shop.receive(shop.sale("2024-11-20T12:00Z"), shop.sale("2024-11-20T12:00Z", currency="EUR"))
        load_lines("2024-11-20,USD,EUR,2")
        assert open_buckets(shop) == set()
        assert not SiteCurrency.objects.exists()

    def test_a_corrected_rate_is_used_at_once(self, shop: DatedShop) -> None:
        shop.receive(shop.sale("2024-11-20T12:00Z", currency="GBP"))
        for rate in ("1", "2", "3"):
            load([quote("2024-11-20", "GBP", "EUR", rate)], "test", 0)
            found = shop.config().rate("GBP", shop.hit("page", "2024-11-20T12:00Z").at)
            assert found == Rate("2024-11-20", Fraction(int(rate)))

    def test_a_table_of_one_base_serves_sites_of_any_currency(self, shop: DatedShop, load_lines: Load) -> None:
        load_lines("2024-11-20,USD,GBP,0.75", "2024-11-20,USD,EUR,0.9", "2024-11-20,USD,JPY,150")
        shop.receive(shop.sale("2024-11-20T12:00Z", 10, currency="GBP"))
        shop.receive(shop.sale("2024-11-20T12:00Z", 1500, currency="JPY"))
        assert value(shop) == "21.000000"

    def test_the_rate_table_is_shown_in_the_admin_but_not_edited(self, load_lines: Load, admin_client: Client) -> None:
        load_lines("2024-11-20,EUR,GBP,0.8765")
        page = admin_client.get("/admin/conversions/raterow/").content.decode()
        assert "0.876500000000" in page
        assert admin_client.get("/admin/conversions/raterow/add/").status_code == 403
        assert admin_client.get(f"/admin/conversions/raterow/?q={'2024-11-20'}").status_code == 200
