"""Rates: the value of an amount for a goal, in the site's currency. Rules: `docs/models.md`, Value."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from tests.properties.recomputation.hours import day_of, days_before
from tests.properties.recomputation.records import Adjustment, Conversion, Plain, Site, Version

#: Day -> (currency, currency) -> what one unit of the first is worth in the second.
Table = Mapping[str, Mapping[tuple[str, str], Fraction]]
#: A fact with an amount.
Row = Conversion | Adjustment


def read_table(quotes: Iterable[Plain]) -> Table:
    """Return the table of quotes, which come in the order of loading. The last quote of a day and pair counts."""
    table: dict[str, dict[tuple[str, str], Fraction]] = defaultdict(dict)
    for quote in quotes:
        table[quote["day"]][quote["base"], quote["quote"]] = Fraction(quote["rate"], 10**12)
    return table


def rate_of(row: Row, site: Site, table: Table) -> Fraction | None:
    """Return the rate of the fact's day, or the newest of the 7 days before."""
    if row.currency in ("", site.currency):
        return Fraction(1)
    day = day_of(row.at, site.timezone)
    found = (rate_on(table.get(days_before(day, back), {}), row.currency, site.currency) for back in range(8))
    return next((rate for rate in found if rate is not None), None)


def rate_on(quotes: Mapping[tuple[str, str], Fraction], own: str, into: str) -> Fraction | None:
    """Return a pair's rate on a day. It is the pair's own quote. Without one, it is the inverse of the opposite quote.
    Without both, it comes from the first base that quotes both currencies."""
    ways = [quotes[own, into]] if (own, into) in quotes else []
    ways += [1 / quotes[into, own]] if (into, own) in quotes else []
    bases = sorted({base for base, _ in quotes if {(base, own), (base, into)} <= quotes.keys()})
    ways += [quotes[base, into] / quotes[base, own] for base in bases]
    return ways[0] if ways else None


def lacks_rate(row: Row, site: Site, table: Table) -> bool:
    """Whether an amount is left out because no rate is known."""
    return bool(row.value) and rate_of(row, site, table) is None


def worth(row: Row, version: Version, site: Site, table: Table) -> int:
    """Return an amount in the site's currency (rounded half to even), times the goal's factor."""
    return times(round((row.value or 0) * (rate_of(row, site, table) or 0)), version)


def times(amount: int, version: Version) -> int:
    """Multiply an amount by the goal's factor, rounded half away from zero."""
    exact = amount * Fraction(1_000_000 if version.factor is None else version.factor, 1_000_000)
    return int(abs(exact) + Fraction(1, 2)) * (-1 if exact < 0 else 1)
