"""Spending: reads from the database what ads cost on the days of a report."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db.models import F, QuerySet, Sum

from conversions.configuration.rate_table import rates_of
from conversions.filters.filters import AD_KEYS
from conversions.models.spend import SpendRow
from conversions.rules.site import SiteConfig
from conversions.spend.lines import SpendLine, SpendNames
from reporting.report.query import Query
from reporting.report.spend import Spent, add_up

#: The keys of reports for which the day of spend matters.
DAY_KEYS = {"day", "week", "month"}
NUMBERS = ("cost", "clicks", "impressions")
#: The database adds up multiples of this number and the remainders separately, because a sum of all may not fit into 64
#: bits.
PART = 10**9


def read_spend(query: Query, site: SiteConfig) -> Spent | None:
    """Read what ads cost on the days of a report; None if the report shows no costs. Raises DatabaseError."""
    if not query.spend:
        return None
    rows = SpendRow.objects.filter(site__key=site.key, day__gte=query.first, day__lte=query.last)
    own, foreign = rows.filter(currency=site.currency), rows.exclude(currency=site.currency)
    by_ad = bool({*query.by, *query.filters} & {*AD_KEYS})
    # An amount in another currency is converted by the rate of its day, and rounded. The cost of each day and ad is
    # rounded on its own, whatever the keys of the report are. Otherwise totals by ad and by day would differ.
    lines = [
        *read_sums(own, query, by_day=bool(DAY_KEYS & {*query.by}), by_ad=by_ad),
        *read_sums(foreign, query, by_day=True, by_ad=True),
    ]
    return add_up(lines, rates_of({line.currency for line in lines}, site.currency), query, site)


def read_sums(rows: QuerySet[SpendRow], query: Query, by_day: bool, by_ad: bool) -> Iterator[SpendLine]:
    """Let the database add up rows of spend by currency, and yield the sums. With `by_day`, there is a sum for each
    day; otherwise one sum, which is given the report's first day. With `by_ad`, there is a sum for each ad."""
    keys = ["currency", *(["day"] if by_day else []), *(SpendNames._fields if by_ad else ())]
    sums = {
        f"{name}_{part}": Sum(number)
        for name in NUMBERS
        for part, number in (("parts", F(name) / PART), ("rest", F(name) % PART))
    }
    for row in rows.order_by().values(*keys).annotate(**sums):
        names = SpendNames(*(row[name] for name in SpendNames._fields)) if by_ad else SpendNames()
        yield SpendLine(row.get("day", query.first), row["currency"], names, *(whole(row, name) for name in NUMBERS))


def whole(row: dict[str, Any], name: str) -> int:
    """Return a number of the row from its two parts: how often it contains PART, and the rest."""
    return int(row[f"{name}_parts"]) * PART + int(row[f"{name}_rest"])


def settle_spend(query: Query, site: SiteConfig) -> Query:
    """If the query's `spend` is None, decide whether the report shows costs: it does if something was spent on the
    report's days or on the days to compare with. Return the query with this decision. Raises DatabaseError."""
    if query.spend is not None:
        return query
    ranges = [(query.first, query.last), *([query.compared] if query.compared else [])]
    rows = SpendRow.objects.filter(site__key=site.key)
    spend = any(rows.filter(day__gte=first, day__lte=last).exists() for first, last in ranges)
    return msgspec.structs.replace(query, spend=spend)
