"""Rates: what a currency is worth in another on a day, from a dated table of quotes. Pure.

On one day the pair's own quote counts; else its opposite, inverted; else, by way of one base that quotes both
currencies that day, the first such by code. Of the days that have one, the newest at or before the day counts, if it
is at most MAX_AGE_DAYS old. Rates are exact fractions; only an amount is rounded, once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec

from conversions.units.clock import next_day

#: Tables leave out weekends and holidays. Older than this, a rate is taken to be missing.
MAX_AGE_DAYS = 7
PLACES = 12

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
    """What one unit is worth, and the day of the table that says so."""

    day: str
    worth: Fraction


class Series(msgspec.Struct, frozen=True):
    """What one unit of a currency is worth in a site's, on each day that is known, in order."""

    currency: str
    days: tuple[str, ...] = ()
    worths: tuple[Fraction, ...] = ()

    def on(self, day: str) -> Rate | None:
        """The newest at or before a day, None if that is too old or there is none."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or next_day(self.days[place], MAX_AGE_DAYS) < day:
            return None
        return Rate(self.days[place], self.worths[place])


def series_of(currency: str, into: str, quotes: Iterable[Quote]) -> Series:
    """What a currency is worth in another, from all quotes that concern them."""
    by_day: dict[str, dict[Pair, Fraction]] = defaultdict(dict)
    for quote in quotes:
        by_day[quote.day][quote.pair] = Fraction(quote.rate, 10**PLACES)
    known = ((day, worth_on(by_day[day], currency, into)) for day in sorted(by_day))
    found = [(day, worth) for day, worth in known if worth is not None]
    return Series(currency, tuple(day for day, _ in found), tuple(worth for _, worth in found))


def worth_on(quotes: Mapping[Pair, Fraction], currency: str, into: str) -> Fraction | None:
    """What a currency is worth in another by the quotes of one day."""
    if (currency, into) in quotes:
        return quotes[currency, into]
    if (into, currency) in quotes:
        return 1 / quotes[into, currency]
    bases = sorted(base for base, quote in quotes if quote == currency and (base, into) in quotes)
    return quotes[bases[0], into] / quotes[bases[0], currency] if bases else None


def convert(micros: int, worth: Fraction) -> int:
    """An amount in the other currency, in micros, rounded half to even; its opposite becomes the opposite."""
    return round(micros * worth)


def rate_text(worth: Fraction) -> str:
    """A rate for people, with twelve places."""
    whole, part = divmod(round(worth * 10**PLACES), 10**PLACES)
    return f"{whole}.{part:0{PLACES}}"
