"""Rates: what an amount is worth to a goal. Rules: `docs/models.md`, Value."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from tests.properties.recomputation.hours import day_of, days_before
from tests.properties.recomputation.records import Adjustment, Conversion, Plain, Site, Version

#: By day, what one of the first currency is worth in the second.
Table = Mapping[str, Mapping[tuple[str, str], Fraction]]
#: A hit that brought an amount.
Row = Conversion | Adjustment


def read_table(quotes: Iterable[Plain]) -> Table:
    """Quotes in the order in which they were loaded: of one day and pair the last counts."""
    table: dict[str, dict[tuple[str, str], Fraction]] = defaultdict(dict)
    for quote in quotes:
        table[quote["day"]][quote["base"], quote["quote"]] = Fraction(quote["rate"], 10**12)
    return table


def rate_of(row: Row, site: Site, table: Table) -> Fraction | None:
    """The rate of the hit's day, or of the newest of the 7 days before it that has one."""
    if row.currency in ("", site.currency):
        return Fraction(1)
    day = day_of(row.at, site.timezone)
    found = (rate_on(table.get(days_before(day, back), {}), row.currency, site.currency) for back in range(8))
    return next((rate for rate in found if rate is not None), None)


def rate_on(quotes: Mapping[tuple[str, str], Fraction], own: str, into: str) -> Fraction | None:
    """The pair's own quote, else its opposite's inverse, else by the first base that quotes both."""
    ways = [quotes[own, into]] if (own, into) in quotes else []
    ways += [1 / quotes[into, own]] if (into, own) in quotes else []
    bases = sorted({base for base, _ in quotes if {(base, own), (base, into)} <= quotes.keys()})
    ways += [quotes[base, into] / quotes[base, own] for base in bases]
    return ways[0] if ways else None


def lacks_rate(row: Row, site: Site, table: Table) -> bool:
    """Whether an amount is worth nothing for want of a rate."""
    return bool(row.value) and rate_of(row, site, table) is None


def worth(row: Row, version: Version, site: Site, table: Table) -> int:
    """An amount in the site's currency, half a micro to the even one, times the goal's factor."""
    return times(round((row.value or 0) * (rate_of(row, site, table) or 0)), version)


def times(amount: int, version: Version) -> int:
    """An amount times the goal's factor, half a micro away from zero."""
    exact = amount * Fraction(1_000_000 if version.factor is None else version.factor, 1_000_000)
    return int(abs(exact) + Fraction(1, 2)) * (-1 if exact < 0 else 1)
