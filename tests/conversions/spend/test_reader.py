"""Exports of ad networks as text, in the forms that the networks document."""

import pytest

from conversions.spend.lines import BadSpend, Problems, SpendLine
from conversions.spend.reader import MAX_LINE, Reading, SpendFile

READING = Reading(currency="EUR", currencies={"EUR", "USD", "PLN"})

GOOGLE = (
    "Campaign report\nNovember 1, 2026 - November 2, 2026\n"
    "Day\tCampaign\tCurrency code\tCost\tImpr.\tClicks\n"
    "2026-11-01\tSpring\tEUR\t1.234,56\t12.345\t67\n2026-11-02\tSpring\tEUR\t10,00\t100\t3\n"
    "Total: Account\t --\tEUR\t1.244,56\t12.445\t70\n"
)
META = (
    "Reporting starts,Reporting ends,Campaign name,Ad name,Amount spent (USD),Impressions,Link clicks\n"
    "2026-11-01,2026-11-01,Spring,Red,12.5,1000,9\n2026-11-01,2026-11-01,Spring,Red,0.5,10,\n"
    "2026-11-01,2026-11-01,,,13,1010,9\n"
)
MICROSOFT = (
    '"Report Name: Campaigns"\n"Report Time: 11/1/2026,11/30/2026"\n\n'
    "TimePeriod,CampaignName,CurrencyCode,Spend,Impressions,Clicks\n"
    '11/1/2026,Spring,USD,"$1,000.10","1,234",5\n11/13/2026,Spring,USD,-2,0,0\n'
    '"\u00a92026 Microsoft Corporation. All rights reserved. "\n'
)
TIKTOK = (
    "Date;Campaign name;Ad name;Currency;Cost;Impressions;Clicks (destination)\n"
    "2026-11-01 00:00:00;Spring;Blue;PLN;1 234,5 z\u0142;10;1\nTotal of 1 results;-;-;-;1 234,5;10;1\n"
)


def file_of(text: str, reading: Reading = READING) -> SpendFile:
    return SpendFile(lambda: text.splitlines(keepends=True), reading)


def read(text: str, reading: Reading = READING) -> list[SpendLine]:
    problems = Problems()
    found = list(file_of(text, reading).lines(problems))
    assert problems.listed == []
    return found


def problems_of(text: str) -> list[str]:
    problems = Problems()
    list(file_of(text).lines(problems))
    return problems.listed


def figures(text: str) -> list[tuple[str, str, str, float, int, int]]:
    return [
        (one.day, one.currency, "/".join(one.names[1:5]), one.cost / 1e6, one.clicks, one.impressions)
        for one in read(text)
    ]


def test_a_google_export_with_title_totals_and_german_numbers_is_read() -> None:
    assert figures(GOOGLE) == [
        ("2026-11-01", "EUR", "google/cpc/Spring/", 1234.56, 67, 12345),
        ("2026-11-02", "EUR", "google/cpc/Spring/", 10, 3, 100),
    ]


def test_a_meta_export_has_its_currency_in_the_header_and_no_name_in_its_total() -> None:
    assert figures(META) == [
        ("2026-11-01", "USD", "facebook/paid/Spring/Red", 12.5, 9, 1000),
        ("2026-11-01", "USD", "facebook/paid/Spring/Red", 0.5, 0, 10),
    ]


def test_a_microsoft_export_shows_in_a_later_line_that_the_month_comes_first() -> None:
    assert figures(MICROSOFT) == [
        ("2026-11-01", "USD", "bing/cpc/Spring/", 1000.1, 5, 1234),
        ("2026-11-13", "USD", "bing/cpc/Spring/", -2, 0, 0),
    ]


def test_a_tiktok_export_is_read() -> None:
    assert figures(TIKTOK) == [("2026-11-01", "PLN", "tiktok/paid/Spring/Blue", 1234.5, 1, 10)]


def test_the_plain_form_names_an_ad_or_tags_and_takes_the_sites_currency() -> None:
    found = read("cost,day,ad,utm_source,network\n1,2026-11-01,spring,x,\n2,2026-11-01,,news,x-ads\n")
    assert [(one.currency, one.names.ad, one.names.source, one.names.network) for one in found] == [
        ("EUR", "spring", "", ""),
        ("EUR", "", "news", "x-ads"),
    ]


@pytest.mark.parametrize(
    ("header", "form", "tags"),
    [
        ("Day,Campaign,Cost", "Google Ads", "google/cpc"),
        ("day,campaign,cost", "plain", "/"),
        ("Day,Cost,Ad", "plain", "/"),
    ],
)
def test_small_letters_tell_a_plain_file_from_an_export(header: str, form: str, tags: str) -> None:
    text = f"{header}\n2026-11-01,1,1\n"
    assert file_of(text).places.form.name == form
    assert "/".join(read(text)[0].names[1:3]) == tags


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2026-02-30,1,EUR,a", "line 2: '2026-02-30' is no day, such as 2026-11-23"),
        ("2026-11-01,1.2.3,EUR,a", "line 2: '1.2.3' is no amount"),
        ('2026-11-01,"1,23.4",EUR,a', "line 2: '1,23.4' is no amount"),
        ("2026-11-01,twelve 12,EUR,a", "line 2: 'twelve 12' is no amount"),
        ("2026-11-01,1,XYZ,a", "line 2: 'XYZ' is no ISO 4217 code, such as EUR"),
        ("2026-11-01,1,EUR,a,x", "line 2: 5 columns instead of 4"),
        ("2026-11-01,1,EUR", "line 2: 3 columns instead of 4"),
        ("2026-11-01,1.234,EUR,a", "line 2: '1.234' has two meanings; say what the decimal mark is"),
        (
            "11/12/2026,1,EUR,a",
            "line 2: '11/12/2026' has two meanings; say whether the day or the month comes first",
        ),
        (f"2026-11-01,1,EUR,{'a' * 501}", "line 2: a name has more than 500 characters"),
    ],
)
def test_each_bad_line_is_named_with_its_fault(line: str, problem: str) -> None:
    assert problems_of(f"day,cost,currency,ad\n{line}\n") == [problem]


def test_what_was_said_settles_a_text_with_two_meanings() -> None:
    reading = Reading(currency="EUR", currencies={"EUR"}, mark=",", order="day")
    (line,) = read("day,cost\n11/12/2026,1.234\n", reading)
    assert (line.day, line.cost) == ("2026-12-11", 1_234_000_000)


def test_a_report_over_several_days_is_refused_instead_of_counted_on_its_first() -> None:
    text = META.replace("2026-11-01,2026-11-01,Spring", "2026-11-01,2026-11-30,Spring", 1)
    assert problems_of(text) == ["line 2: it covers more than one day; export the report by day"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\n" * 50 + GOOGLE, "x" * (MAX_LINE + 1)])
def test_a_file_of_no_known_form_is_refused(text: str) -> None:
    with pytest.raises(BadSpend):
        file_of(text)


def test_of_many_faults_some_are_listed_and_all_are_counted() -> None:
    problems = Problems()
    list(file_of("day,cost\n" + "x,1\n" * 500).lines(problems))
    assert (len(problems.listed), problems.count) == (20, 500)


def test_a_network_that_no_click_can_have_is_refused() -> None:
    (problem,) = problems_of("day,cost,network\n2026-11-01,1,adwords\n")
    assert problem.startswith("line 2: 'adwords' is no network; google-ads, ")
