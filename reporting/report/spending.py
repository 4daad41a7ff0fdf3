"""Spending: a query -> what was spent on its days, from the rows that imports wrote."""

from conversions.configuration.rate_table import rates_of
from conversions.models.spend import SpendRow
from conversions.rules.site import SiteConfig
from conversions.spend.lines import SpendLine, SpendNames
from reporting.report.query import Query
from reporting.report.spend import Spent, add_up


def read_spend(query: Query, site: SiteConfig) -> Spent | None:
    """Read what was spent on a query's days; None if the query doesn't ask for it. Raises DatabaseError."""
    if not query.spend:
        return None
    rows = SpendRow.objects.filter(site__key=site.key, day__gte=query.first, day__lte=query.last)
    currencies = set(rows.order_by().values_list("currency", flat=True).distinct())
    columns = rows.values_list("day", "currency", "cost", "clicks", "impressions", *SpendNames._fields)
    lines = (
        SpendLine(day, currency, SpendNames(*names), cost, clicks, impressions)
        for day, currency, cost, clicks, impressions, *names in columns.iterator()
    )
    return add_up(lines, rates_of(currencies, site.currency), query, site)
