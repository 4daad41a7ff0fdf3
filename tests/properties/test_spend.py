"""Spend: however often and in whatever order imports come, a report has what each source said last, once, converted by
the rate of its day; and rows and unattributed amounts add up to the totals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conversions.configuration.rate_table import load
from conversions.configuration.spend_table import put_spend
from conversions.filters.filters import AD_KEYS
from conversions.models import Ad, MatchRule, SpendRow
from conversions.rules.rates import Quote
from conversions.spend.lines import SpendLine, SpendNames
from conversions.store.port import Store
from reporting.report.answer import answer, plain_answer
from reporting.report.query import KEYS, read_query
from tests.properties.test_listed import Filters, meets, micros
from tests.reports import DatedShop

DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")
#: Day -> what one USD is worth in EUR, in units of 10**-12. The first day has no rate, and GBP never has one.
USD = {DAYS[1]: 428_571_428_571, DAYS[2]: 2_333_333_333_333}
#: How a line says which ad it is -> the ad's name, its campaign, and whether it is configured.
NAMES = {
    SpendNames(ad="summer"): ("summer", "sale", True),
    SpendNames(ad="gone"): ("gone", "(none)", False),
    SpendNames(source="google", medium="cpc", campaign="spring"): ("tagged", "sale", True),
    SpendNames(source="news", campaign="a,b/c"): ("news/a,b/c", "a,b/c", False),
    SpendNames(network="meta-ads"): ("meta-ads", "(none)", False),
    SpendNames(): ("(none)", "(none)", False),
}
#: [cost, impressions, the network's clicks] by what they are for.
Sums = dict[tuple[Any, ...], list[int]]

LINES = st.builds(
    SpendLine,
    day=st.sampled_from(DAYS),
    currency=st.sampled_from(["EUR", "USD", "GBP"]),
    names=st.sampled_from(list(NAMES)),
    cost=st.integers(-5, 10**9),
    clicks=st.integers(0, 9),
    impressions=st.integers(0, 9),
)
#: An import: its source, the places of its first and last day, its lines, and how often it is repeated.
IMPORTS = st.tuples(
    st.sampled_from(["google", "crm"]),
    st.tuples(st.integers(0, 2), st.integers(0, 2)).map(sorted),
    st.lists(LINES, max_size=6),
    st.integers(1, 2),
)
BYS = st.lists(st.sampled_from([key for key in KEYS if key != "hour"]), min_size=1, max_size=3, unique=True)
FILTERS = st.lists(
    st.sampled_from(
        [
            *(("ad", "summer"), ("ad!", "gone"), ("campaign", "sale"), ("campaign", "a,b/c"), ("channel!", "other")),
            *(("source", "google"), ("source!", "news"), ("network", "meta-ads"), ("medium!", "cpc")),
        ]
    ),
    max_size=2,
    unique=True,
)


@pytest.fixture
def shop(sql_store: Store) -> DatedShop:
    """A shop with three sales, of which one is unattributed and one belongs to an ad with match rules."""
    shop = DatedShop(sql_store)
    ad = Ad.objects.create(campaign=shop.site.campaigns.get(key="sale"), key="tagged")
    MatchRule.objects.create(ad=ad, source="google")
    load([Quote(day, "USD", "EUR", rate) for day, rate in USD.items()], "rates.csv", 0)
    shop.receive(
        shop.click("2026-11-01T10:00Z"),
        shop.sale("2026-11-01T11:00Z", 10),
        shop.hit("page", "2026-11-02T10:00Z", "bob", url="https://shop.example/?utm_source=google"),
        shop.sale("2026-11-02T11:00Z", 20, visitor="bob"),
        shop.sale("2026-11-03T11:00Z", 30, visitor="eve"),
    )
    return shop


def report(shop: DatedShop, filters: Filters, **parameters: str) -> dict[str, Any]:
    given = [("from", DAYS[0]), ("to", DAYS[-1]), ("spend", "1"), *filters, *parameters.items()]
    query = read_query(QueryDict(urlencode(given)), shop.config())
    return plain_answer(answer(shop.store, query, shop.config(), 0), query)


def worth_of(line: SpendLine) -> Fraction | None:
    """What one unit of the line's currency is worth on its day; None if this is unknown."""
    if line.currency == "EUR":
        return Fraction(1)
    rate = USD.get(line.day) if line.currency == "USD" else None
    return rate and Fraction(rate, 10**12)


def spent(lines: Iterable[SpendLine]) -> Sums:
    """What lines cost by ad, campaign, `configured` and day. Lines that say the same ad, day and currency are converted
    as a sum."""
    groups: Sums = defaultdict(lambda: [0, 0, 0])
    worths = {}
    for line in lines:
        key = line.names, line.day, line.currency
        worths[key] = worth_of(line) or 0
        for place, number in enumerate((line.cost, line.impressions, line.clicks)):
            groups[key][place] += number
    sums: Sums = defaultdict(lambda: [0, 0, 0])
    for key, (cost, *counts) in groups.items():
        names, day, _ = key
        for place, number in enumerate((round(cost * worths[key]), *counts)):
            sums[*NAMES[names], day][place] += number
    return {key: total for key, total in sums.items() if any(total)}


def costs_of(row: Mapping[str, Any]) -> list[int]:
    return [micros(row["cost"] or "0"), row["impressions"] or 0, row["network_clicks"] or 0]


def by_keys(rows: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        key = tuple(row[name] for name in keys)
        sums[key] = [a + b for a, b in zip(sums[key], costs_of(row), strict=True)]
    return {key: total for key, total in sums.items() if any(total)}


def earned(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    return [sum(micros(row[name]) for row in rows) for name in ("conversions", "value")]


@settings(
    max_examples=25,
    deadline=None,
    # No shrinking, because each example writes to the database.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(imports=st.lists(IMPORTS, max_size=5), by=BYS, filters=FILTERS)
@pytest.mark.sqlite
@pytest.mark.django_db
def test_imported_spend_counts_once_in_every_report(
    shop: DatedShop, imports: list[Any], by: list[str], filters: Filters
) -> None:
    SpendRow.objects.all().delete()
    said: dict[tuple[str, str], list[SpendLine]] = {}
    for source, (first, last), drawn, times in imports:
        days = DAYS[first : last + 1]
        lines = [line for line in drawn if line.day in days]
        for _ in range(times):
            put_spend(shop.site, source, (days[0], days[-1]), lines, dry_run=False)
        said |= {(source, day): [line for line in lines if line.day == day] for day in days}
    known = [line for lines in said.values() for line in lines]
    whole = report(shop, [], by=",".join((*AD_KEYS, "day", "week", "month")))
    assert by_keys(whole["rows"], ("ad", "campaign", "configured", "day")) == spent(known)
    left_out = sum(line.cost for line in known if worth_of(line) is None)
    assert sum(map(micros, whole["spend"]["no_rate"].values())) == left_out
    found = report(shop, filters, by=",".join(by))
    included = [row for row in whole["rows"] if meets(row, filters, AD_KEYS)]
    if "goal" not in by:
        assert by_keys(found["rows"], by) == by_keys(included, by)
    assert by_keys([found["totals"]], ()) == by_keys(included, ())
    assert earned([*found["rows"], found["unattributed"]]) == earned([found["totals"]])
