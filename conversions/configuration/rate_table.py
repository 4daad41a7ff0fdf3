"""Rate table: the quotes of a file -> rows and marks; rows -> the series of one pair.

Each load draws a token in the transaction that writes its rates. The newest token is the version of the table, and
series are cached by version.
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
#: A process caches at most this many series. Each has at most one rate a day.
MAX_KEPT = 200


class Loaded(msgspec.Struct, frozen=True):
    """The result of a load: how many rates are new, changed and the same; and how many sites it may change."""

    added: int
    changed: int
    same: int
    sites: int


def format_rate(rate: int) -> str:
    """Format a quote's rate as a row stores it."""
    whole, part = divmod(rate, 10**PLACES)
    return f"{whole}.{part:0{PLACES}}"


def load(
    quotes: Sequence[Quote],
    file: str,
    frozen_before: int,
    watch: Callable[[Iterable[list[RateRow]]], Iterable[list[RateRow]]] = iter,
) -> Loaded:
    """Write all quotes or none, and mark the buckets that they may change. `watch` wraps the chunks, for a progress
    bar."""
    rows = [RateRow(day=one.day, base=one.base, quote=one.quote, rate=format_rate(one.rate)) for one in quotes]
    with transaction.atomic():
        known = read_known({quote.day for quote in quotes})
        new = [row for row in rows if known.get((str(row.day), row.base, row.quote)) != row.rate]
        if not new:
            return Loaded(0, 0, len(rows), 0)
        # Rows are written in a fixed order; otherwise two loads at once could deadlock.
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
    """Read the stored rates from the first to the last of these days."""
    first, last = min(days), max(days)
    rows = RateRow.objects.filter(day__gte=first, day__lte=last).values_list("day", "base", "quote", "rate")
    return {(str(day), base, quote): rate for day, base, quote, rate in rows.iterator()}


def mark_changed(first: str, last: str, frozen_before: int) -> int:
    """Mark the buckets that rates of these days may change; return the number of sites.

    Only sites that had money in other currencies are marked, and only the buckets of the days that may use the rates.
    An adjustment is converted at the rate of its own day, but it changes an earlier bucket. A site with an adjustment
    in another currency is therefore marked as a whole.
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
    """Read the series of the currencies in which a site had money, from the present version of the table.

    `others`: more currencies. An empty text among them means the site's own, which needs no rates.
    """
    return rates_of({*noted_currencies([site])[site], *others}, into)


def noted_currencies(sites: Collection[str]) -> Mapping[str, set[str]]:
    """Site key -> the currencies of the site's amounts, other than the site's own."""
    noted: Mapping[str, set[str]] = defaultdict(set)
    for site, currency in SiteCurrency.objects.filter(site__in=sites).values_list("site", "currency"):
        noted[site].add(currency)
    return noted


def rates_of(currencies: Collection[str], into: str) -> tuple[Series, ...]:
    """Read the series of some currencies in the currency `into`. An empty currency and `into` itself are left out."""
    others = {*currencies} - {into, ""}
    if not others:
        return ()
    version = RateLoad.objects.order_by("-token").values_list("token", flat=True).first() or 0
    return tuple(read_series(currency, into, version) for currency in sorted(others))


_kept: LRUCache[tuple[str, str, int], Series] = LRUCache(maxsize=MAX_KEPT)


@cached(_kept, lock=Lock(), key=lambda *key: key)
def read_series(currency: str, into: str, _version: int) -> Series:
    """Read the series of one pair. If a load commits before the rows are read, newer rates are cached under this
    version. This does no harm: the load makes another version, and marks the buckets that its rates may change."""
    direct = Q(base=currency, quote=into) | Q(base=into, quote=currency)
    settled = RateRow.objects.filter(direct, day=OuterRef("day"))
    legs = Q(quote__in=[currency, into]) & ~Q(base__in=[currency, into]) & ~Q(Exists(settled))
    rows = RateRow.objects.filter(direct | legs).values_list("day", "base", "quote", "rate")
    quotes = (Quote(str(day), base, quote, int(rate.replace(".", ""))) for day, base, quote, rate in rows.iterator())
    return series_of(currency, into, quotes)
