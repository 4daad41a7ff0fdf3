"""Spend: adds up what ads cost by day and ad, in the site's currency. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from conversions.facts.ad_names import AdNames, Named
from conversions.rules.rates import Series, convert
from conversions.rules.site import SiteConfig
from conversions.spend.lines import SpendLine, SpendNames
from conversions.spend.naming import as_touch
from conversions.units.micros import six_places
from reporting.report.costs import WIDTH, NoSpendRate
from reporting.report.keys import LEFT_OUT, AdKeys
from reporting.report.query import Query


class Spent(msgspec.Struct, frozen=True):
    """What ads cost. `sums`: (day, ad) -> [cost in micros of the site's currency, impressions, clicks]. `no_rate`:
    currency -> costs (micros) that are left out because their exchange rate is unknown."""

    sums: dict[tuple[str, Named], list[int]]
    no_rate: dict[str, int]

    def note(self) -> NoSpendRate:
        """Return the costs that are left out because their exchange rate is unknown, in the form of the report's
        answer."""
        return NoSpendRate({currency: six_places(cost) for currency, cost in sorted(self.no_rate.items())})


def add_up(lines: Iterable[SpendLine], rates: Iterable[Series], query: Query, site: SiteConfig) -> Spent:
    """Add up lines of imported spend that the query's filters include. Each line names an ad or its utm tags, and its
    cost is converted by the exchange rate of its day."""
    names, keys = AdNames(site.ads), AdKeys(query, site)
    series = {one.currency: one for one in rates}
    found: dict[SpendNames, Named] = {}
    sums: dict[tuple[str, Named], list[int]] = defaultdict(lambda: [0] * WIDTH)
    no_rate: Counter[str] = Counter()
    for line in lines:
        ad = found.get(line.names)
        if ad is None:
            ad = found[line.names] = msgspec.structs.astuple(names.name(as_touch(line.names)))
        if keys.keys([ad])[0] is LEFT_OUT:
            continue
        cost = line.cost if line.currency == site.currency else _converted(line, series)
        if cost is None:
            no_rate[line.currency] += line.cost
        row = sums[line.day, ad]
        for place, number in enumerate((cost or 0, line.impressions, line.clicks)):
            row[place] += number
    return Spent(dict(sums), dict(no_rate))


def _converted(line: SpendLine, series: dict[str, Series]) -> int | None:
    rate = series[line.currency].on(line.day) if line.currency in series else None
    return None if rate is None else convert(line.cost, rate.worth)
