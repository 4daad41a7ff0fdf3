"""Rate table: loads exchange rates into the database, and reads the rates of a currency.

Each load draws a token in its transaction. The greatest token is the version of the table. Rates are cached by version.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from threading import Lock

import msgspec
from cachetools import LRUCache, cached
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from conversions.marks.marks import SiteCurrency, draw_token, known_parts, mark_parts, mark_site
from conversions.models.rates import RateLoad, RateRow
from conversions.rules.rates import MAX_AGE_DAYS, PLACES, Quote, Series, series_of
from conversions.units.clock import HOUR_MS, day_start, next_day
from tracker.models import Site

#: A statement writes at most this many rows.
AT_ONCE = 500
#: A process caches the rates of at most this many currency pairs, with at most one rate a day.
MAX_KEPT = 200


class Loaded(msgspec.Struct, frozen=True):
    """The result of a load. `added`, `changed`, `same`: how many rates are new, changed and unchanged. `sites`: how
    many sites may have other figures now."""

    added: int
    changed: int
    same: int
    sites: int


def format_rate(rate: int) -> str:
    """Write a rate (in units of 10**-12) as the table stores it: 1250000000000 becomes `1.250000000000`."""
    whole, part = divmod(rate, 10**PLACES)
    return f"{whole}.{part:0{PLACES}}"


def load(
    quotes: Sequence[Quote],
    file: str,
    frozen_before: int,
    watch: Callable[[Iterable[list[RateRow]]], Iterable[list[RateRow]]] = iter,
) -> Loaded:
    """Write all quotes in one transaction. The hours whose figures may change are marked to be rolled up again.

    `file`: the file's name, which is stored with the load. `watch`: a function that passes the chunks of rows on, and
    may show a progress bar.
    """
    rows = [RateRow(day=one.day, base=one.base, quote=one.quote, rate=format_rate(one.rate)) for one in quotes]
    with transaction.atomic():
        known = read_known({quote.day for quote in quotes})
        new = [row for row in rows if known.get((str(row.day), row.base, row.quote)) != row.rate]
        if not new:
            return Loaded(0, 0, len(rows), 0)
        # Rows are always written in the same order. Otherwise two loads at the same time could deadlock.
        new.sort(key=lambda row: (row.day, row.base, row.quote))
        for part in watch([new[n : n + AT_ONCE] for n in range(0, len(new), AT_ONCE)]):
            RateRow.objects.bulk_create(
                part, update_conflicts=True, unique_fields=["day", "base", "quote"], update_fields=["rate"]
            )
        # The token's row is locked until this transaction commits. A bucket that is marked later is rolled up with the
        # new rates.
        RateLoad.objects.create(token=draw_token(), file=file[-300:], rates=len(new))
        sites = mark_changed(str(new[0].day), str(new[-1].day), frozen_before)
    changed = sum((str(row.day), row.base, row.quote) in known for row in new)
    return Loaded(len(new) - changed, changed, len(rows) - len(new), sites)


def read_known(days: Iterable[str]) -> dict[tuple[str, str, str], str]:
    """Read the stored rates of all days from the earliest of these days to the latest. Returns (day, base, quote) ->
    rate."""
    first, last = min(days), max(days)
    rows = RateRow.objects.filter(day__gte=first, day__lte=last).values_list("day", "base", "quote", "rate")
    return {(str(day), base, quote): rate for day, base, quote, rate in rows.iterator()}


def mark_changed(first: str, last: str, frozen_before: int) -> int:
    """Mark the hours whose figures may change if the rates from `first` to `last` change. Returns how many sites have
    amounts in foreign currencies.

    Only these sites are marked, and only the days that may use these rates. A site with an adjustment in a foreign
    currency is marked as a whole: the adjustment is converted at the rate of its own day, but may change an earlier
    hour.
    """
    adjusted = dict(SiteCurrency.objects.order_by("adjusts").values_list("site", "adjusts"))
    sites = Site.objects.filter(key__in=adjusted).values_list("key", "timezone")
    for key, timezone in sites:
        if adjusted[key]:
            mark_site(key)
            continue
        since = max(day_start(first, timezone) - HOUR_MS, frozen_before)
        until = day_start(next_day(last, MAX_AGE_DAYS + 1), timezone)
        mark_parts(key, known_parts(key, since, until))
    return len(sites)


def read_rates(site: str, into: str, others: Collection[str] = ()) -> tuple[Series, ...]:
    """Read the exchange rates of the foreign currencies that a site's amounts have used. `into`: the site's currency.

    `others`: further currencies to read. Empty texts among them are ignored.
    """
    return rates_of({*noted_currencies([site])[site], *others}, into)


def noted_currencies(sites: Collection[str]) -> Mapping[str, set[str]]:
    """Return the foreign currencies that each site's amounts have used: site key -> currencies."""
    noted: Mapping[str, set[str]] = defaultdict(set)
    for site, currency in SiteCurrency.objects.filter(site__in=sites).values_list("site", "currency"):
        noted[site].add(currency)
    return noted


def rates_of(currencies: Collection[str], into: str) -> tuple[Series, ...]:
    """Read the exchange rates of these currencies into the currency `into`. Empty texts and `into` itself are
    ignored."""
    others = {*currencies} - {into, ""}
    if not others:
        return ()
    version = RateLoad.objects.order_by("-token").values_list("token", flat=True).first() or 0
    return tuple(read_series(currency, into, version) for currency in sorted(others))


_kept: LRUCache[tuple[str, str, int], Series] = LRUCache(maxsize=MAX_KEPT)


@cached(_kept, lock=Lock(), key=lambda *key: key)
def read_series(currency: str, into: str, _version: int) -> Series:
    """Read the exchange rates of a currency into another. The result is cached by the version of the table.

    If a load commits before the rows are read, newer rates are cached under this version. This does no harm: the load
    makes a new version, and marks the buckets that its rates may change.
    """
    direct = Q(base=currency, quote=into) | Q(base=into, quote=currency)
    settled = RateRow.objects.filter(direct, day=OuterRef("day"))
    legs = Q(quote__in=[currency, into]) & ~Q(base__in=[currency, into]) & ~Q(Exists(settled))
    rows = RateRow.objects.filter(direct | legs).values_list("day", "base", "quote", "rate")
    quotes = (Quote(str(day), base, quote, int(rate.replace(".", ""))) for day, base, quote, rate in rows.iterator())
    return series_of(currency, into, quotes)
