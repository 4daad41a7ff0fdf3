"""Ranges: what `--site`, `--from` and `--to` of the commands mean, for each site in its own timezone."""

from argparse import ArgumentParser

import msgspec
from django.core.management.base import CommandError

from conversions.clock import read_instant
from tracker.models import Site

FOR_EVER = 1 << 62


class Range(msgspec.Struct, frozen=True):
    """A stretch of one site's time: `since` <= at < `until`, ms since the epoch."""

    site: str
    since: int
    until: int

    def __contains__(self, at: int) -> bool:
        return self.since <= at < self.until


def add_range_arguments(parser: ArgumentParser) -> None:
    """The arguments that name a range."""
    parser.add_argument("--site", metavar="KEY", help="only this site, by its public key")
    parser.add_argument("--from", dest="since", metavar="T", help="an instant, or a day of the site's own calendar")
    parser.add_argument("--to", dest="until", metavar="T", help="likewise; the range ends before it")


def read_ranges(site: str | None, since: str | None, until: str | None) -> list[Range]:
    """The range of each site that the arguments name. Raises CommandError."""
    sites = Site.objects.filter(key=site) if site else Site.objects.order_by("pk")
    found = [_range(row, since, until) for row in sites]
    if site and not found:
        raise CommandError(f"No site has the key {site!r}. /admin/tracker/site/ lists them.")
    return found


def _range(site: Site, since: str | None, until: str | None) -> Range:
    try:
        first = read_instant(since, site.timezone) if since else 0
        end = read_instant(until, site.timezone) if until else FOR_EVER
    except ValueError as error:
        raise CommandError(f"--from and --to are days (2026-11-23) or instants (2026-11-23T17:00Z): {error}") from error
    if first >= end:
        raise CommandError("The range is empty: --to must be after --from, and is itself left out.")
    return Range(site.key, first, end)
