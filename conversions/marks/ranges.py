"""Ranges: reads the arguments `--site`, `--from` and `--to` of a command or a request as a range of time for each
site."""

from argparse import ArgumentParser

import msgspec

from conversions.marks.marks import known_parts, mark_parts
from conversions.units.clock import FOR_EVER, HOUR_MS, read_instant
from tracker.collection.refusal import Refusal
from tracker.models import Site


class Range(msgspec.Struct, frozen=True):
    """A range of one site's time: `since` <= at < `until`, in ms since the epoch."""

    site: str
    since: int
    until: int

    def __contains__(self, at: int) -> bool:
        return self.since <= at < self.until


def add_range_arguments(parser: ArgumentParser) -> None:
    """Add `--site`, `--from` and `--to` to a command."""
    parser.add_argument("--site", metavar="KEY", help="only this site, by its public key")
    parser.add_argument("--from", dest="since", metavar="T", help="first day (by the site's calendar) or instant")
    parser.add_argument("--to", dest="until", metavar="T", help="end: a day or an instant that is not included")


def read_ranges(site: str | None, since: str | None, until: str | None) -> list[Range]:
    """Return the range for the site with this key, or for every site if `site` is None. Raises Refusal."""
    sites = Site.objects.filter(key=site) if site else Site.objects.order_by("pk")
    found = [read_range(row, since, until) for row in sites]
    if site and not found:
        raise Refusal(404, "unknown_site", f"No site has the key {site!r}. /admin/tracker/site/ lists them.", "site")
    return found


def read_range(site: Site, since: str | None, until: str | None) -> Range:
    """Return the range of one site. Without `since`, the range has no beginning; without `until`, it has no end. Raises
    Refusal."""
    try:
        first = read_instant(since, site.timezone) if since else 0
        end = read_instant(until, site.timezone) if until else FOR_EVER
    except ValueError as error:
        raise _bad_range(f"from and to are days (2026-11-23) or instants (2026-11-23T17:00Z): {error}") from error
    if first >= end:
        raise _bad_range("The range is empty: `to` must be after `from`.")
    return Range(site.key, first, end)


def _bad_range(detail: str) -> Refusal:
    return Refusal(400, "bad_range", detail, "from")


def mark_range(site_range: Range) -> int:
    """Mark the hours that overlap a range and have facts, to be rolled up again. Returns the number of these hours."""
    parts = known_parts(site_range.site, site_range.since - HOUR_MS + 1, site_range.until)
    mark_parts(site_range.site, parts)
    return len({bucket for bucket, _ in parts})
