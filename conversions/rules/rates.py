"""Rates: computes the exchange rate of a day from the quotes of a rate table. Pure.

The rate from one currency to another is the first of these that the day has:

1. the quote of this pair of currencies;
2. the inverse of the opposite quote;
3. a cross rate through a third currency that has quotes for both. Of several third currencies, the first in
   alphabetical order is used.

If a day has no rate, the newest earlier rate is used, up to MAX_AGE_DAYS old. Rates are exact fractions. Only the
converted amount is rounded, once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec

from conversions.units.clock import next_day

#: Rate tables leave out weekends and holidays. On such a day the newest earlier rate is used, up to this many days old.
MAX_AGE_DAYS = 7
#: The decimal places of a quote.
PLACES = 12

#: Base and quote.
Pair = tuple[str, str]


class Quote(msgspec.Struct, frozen=True):
    """A line of a rate table: on this day, one unit of `base` costs `rate` units of `quote`. `rate` is in units of
    10**-12."""

    day: str
    base: str
    quote: str
    rate: int

    @property
    def pair(self) -> Pair:
        """The two currencies: base, quote."""
        return self.base, self.quote


class Rate(msgspec.Struct, frozen=True):
    """The exchange rate of a currency: the worth of one unit in the site's currency. `day`: the day of the quotes from
    which the rate was computed."""

    day: str
    worth: Fraction


class Series(msgspec.Struct, frozen=True):
    """The exchange rates of one currency into the site's currency. `days`: the days with a rate, in order. `worths`:
    the rate of each of these days."""

    currency: str
    days: tuple[str, ...] = ()
    worths: tuple[Fraction, ...] = ()

    def on(self, day: str) -> Rate | None:
        """Return the rate of a day: the newest rate on or before this day. None if there is no such rate or if it is
        too old."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or next_day(self.days[place], MAX_AGE_DAYS) < day:
            return None
        return Rate(self.days[place], self.worths[place])


def series_of(currency: str, into: str, quotes: Iterable[Quote]) -> Series:
    """Compute the rates by day from `currency` to `into`, from the quotes of all days."""
    by_day: dict[str, dict[Pair, Fraction]] = defaultdict(dict)
    for quote in quotes:
        by_day[quote.day][quote.pair] = Fraction(quote.rate, 10**PLACES)
    known = ((day, worth_on(by_day[day], currency, into)) for day in sorted(by_day))
    found = [(day, worth) for day, worth in known if worth is not None]
    return Series(currency, tuple(day for day, _ in found), tuple(worth for _, worth in found))


def worth_on(quotes: Mapping[Pair, Fraction], currency: str, into: str) -> Fraction | None:
    """Compute the rate from `currency` to `into` from the quotes of one day. None if these quotes don't give the
    rate."""
    if (currency, into) in quotes:
        return quotes[currency, into]
    if (into, currency) in quotes:
        return 1 / quotes[into, currency]
    bases = sorted(base for base, quote in quotes if quote == currency and (base, into) in quotes)
    return quotes[bases[0], into] / quotes[bases[0], currency] if bases else None


def convert(micros: int, worth: Fraction) -> int:
    """Convert an amount (micros) at a rate: 100 EUR at 0.5 -> 50. The result is rounded to the nearest micro. If two
    are equally near, it is rounded to the even one. Opposite amounts have opposite results."""
    return round(micros * worth)


def rate_text(worth: Fraction) -> str:
    """Write an exchange rate with twelve decimal places, such as `1.250000000000`."""
    whole, part = divmod(round(worth * 10**PLACES), 10**PLACES)
    return f"{whole}.{part:0{PLACES}}"
