"""Ranges: a command's `--site`, `--from` and `--to`, or those of a request -> a range of each site, in the site's own
timezone."""

from argparse import ArgumentParser

import msgspec

from conversions.marks.marks import known_parts, mark_parts
from conversions.units.clock import FOR_EVER, HOUR_MS, read_instant
from tracker.collection.refusal import Refusal
from tracker.models import Site


class Range(msgspec.Struct, frozen=True):
    """An interval of one site's time: `since` <= at < `until`, in ms since the epoch."""

    site: str
    since: int
    until: int

    def __contains__(self, at: int) -> bool:
        return self.since <= at < self.until


def add_range_arguments(parser: ArgumentParser) -> None:
    """Add the arguments that name a range."""
    parser.add_argument("--site", metavar="KEY", help="only this site, by its public key")
    parser.add_argument("--from", dest="since", metavar="T", help="an instant, or a day of the site's own calendar")
    parser.add_argument("--to", dest="until", metavar="T", help="like --from; the range ends before it")


def read_ranges(site: str | None, since: str | None, until: str | None) -> list[Range]:
    """Return the range of each site that the arguments name. Raises Refusal."""
    sites = Site.objects.filter(key=site) if site else Site.objects.order_by("pk")
    found = [read_range(row, since, until) for row in sites]
    if site and not found:
        raise Refusal(404, "unknown_site", f"No site has the key {site!r}. /admin/tracker/site/ lists them.", "site")
    return found


def read_range(site: Site, since: str | None, until: str | None) -> Range:
    """Return a site's range. Without `since` it has no beginning, without `until` no end. Raises Refusal."""
    try:
        first = read_instant(since, site.timezone) if since else 0
        end = read_instant(until, site.timezone) if until else FOR_EVER
    except ValueError as error:
        raise _bad_range(f"from and to are days (2026-11-23) or instants (2026-11-23T17:00Z): {error}") from error
    if first >= end:
        raise _bad_range("The range is empty: to must lie after from, and is itself left out.")
    return Range(site.key, first, end)


def _bad_range(detail: str) -> Refusal:
    return Refusal(400, "bad_range", detail, "from")


def mark_range(site_range: Range) -> int:
    """Mark every known bucket that overlaps a range; return their number."""
    parts = known_parts(site_range.site, site_range.since - HOUR_MS + 1, site_range.until)
    mark_parts(site_range.site, parts)
    return len({bucket for bucket, _ in parts})
