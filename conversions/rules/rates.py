"""Rates: the dated quotes of a table -> what a currency is worth in another on a day. Pure.

The rate of one day is the pair's own quote; else the inverse of the opposite quote; else the cross rate by a base that
quotes both currencies that day, the first such base in alphabetical order. A day without a rate takes the newest
earlier one, if that one is at most MAX_AGE_DAYS old. Rates are exact fractions. Only the converted amount is rounded,
once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec

from conversions.units.clock import next_day

#: Tables leave out weekends and holidays. For these days the newest earlier rate is used, unless it is older than this.
MAX_AGE_DAYS = 7
#: The decimal places of a quote.
PLACES = 12

#: Base and quote.
Pair = tuple[str, str]


class Quote(msgspec.Struct, frozen=True):
    """One line of the table: on this day, one `base` is worth `rate` of `quote`, in units of 10**-12."""

    day: str
    base: str
    quote: str
    rate: int

    @property
    def pair(self) -> Pair:
        """Base and quote."""
        return self.base, self.quote


class Rate(msgspec.Struct, frozen=True):
    """What one unit of a currency is worth, and the day of the table that the rate is from."""

    day: str
    worth: Fraction


class Series(msgspec.Struct, frozen=True):
    """What one unit of a currency is worth in the site's currency, by day, in order of the days."""

    currency: str
    days: tuple[str, ...] = ()
    worths: tuple[Fraction, ...] = ()

    def on(self, day: str) -> Rate | None:
        """The newest rate at or before a day; None if there is none or if it is too old."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or next_day(self.days[place], MAX_AGE_DAYS) < day:
            return None
        return Rate(self.days[place], self.worths[place])


def series_of(currency: str, into: str, quotes: Iterable[Quote]) -> Series:
    """Compute what a currency is worth in another by day, from all quotes of the two."""
    by_day: dict[str, dict[Pair, Fraction]] = defaultdict(dict)
    for quote in quotes:
        by_day[quote.day][quote.pair] = Fraction(quote.rate, 10**PLACES)
    known = ((day, worth_on(by_day[day], currency, into)) for day in sorted(by_day))
    found = [(day, worth) for day, worth in known if worth is not None]
    return Series(currency, tuple(day for day, _ in found), tuple(worth for _, worth in found))


def worth_on(quotes: Mapping[Pair, Fraction], currency: str, into: str) -> Fraction | None:
    """Compute what a currency is worth in another, from the quotes of one day."""
    if (currency, into) in quotes:
        return quotes[currency, into]
    if (into, currency) in quotes:
        return 1 / quotes[into, currency]
    bases = sorted(base for base, quote in quotes if quote == currency and (base, into) in quotes)
    return quotes[bases[0], into] / quotes[bases[0], currency] if bases else None


def convert(micros: int, worth: Fraction) -> int:
    """Convert an amount into the other currency, in micros, rounded half to even. Opposite amounts give opposite
    results."""
    return round(micros * worth)


def rate_text(worth: Fraction) -> str:
    """A rate as text, with twelve places."""
    whole, part = divmod(round(worth * 10**PLACES), 10**PLACES)
    return f"{whole}.{part:0{PLACES}}"
