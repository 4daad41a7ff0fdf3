"""`manage.py demo_year`: fills a demo site with the data of a made-up shop for a year, up to the last full hour."""

from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from conversions.configuration.demo_shop import ACCOUNT, find_demo_site, set_up
from conversions.configuration.spend_table import put_spend
from conversions.demo.year import DemoYear, first_day
from conversions.marks.retention import frozen_before
from conversions.tasks import processor
from conversions.units.clock import HOUR_MS, day_of, next_day
from conversions.units.now import now_ms
from tracker.archive import Archive, NotArchived, open_archive
from tracker.away import AWAY
from tracker.collection.hit import Batch
from tracker.models import Site

#: This many days are processed together.
AT_ONCE = 7
LONGEST_DAYS = 366


class Command(BaseCommand):
    """Archive and process the hits of the shop, import what its ads cost, and roll up.

    Hits have the same ids and times in each run, and count once. A later run adds the days since the last run. If a run
    is stopped, the next run continues it.
    """

    help = "Make a site with a year of a made-up shop: hits, refunds, spend. A later call adds the days since then."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: the site, how many days, and the seed."""
        parser.add_argument("--site", default="", metavar="KEY", help="by default a site of the account Demo")
        parser.add_argument(
            "--days", type=int, default=365, metavar="N", help="number of days, today included; 365 by default"
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="a number; another number makes other visitors and sales"
        )
        parser.add_argument("--any-site", action="store_true", help="allow a site that isn't in the account Demo")

    def handle(self, **options: Any) -> None:
        """Generate and store the year. If a service can't be reached, the command stops with a message of one line."""
        if not 1 <= options["days"] <= LONGEST_DAYS:
            raise CommandError(f"--days must be from 1 to {LONGEST_DAYS}.")
        try:
            site = self._find_site(options["site"], options["any_site"])
            year = read_year(site, options["days"], options["seed"], now_ms())
            if year.first > first_day(year.days()[-1], options["days"]):
                self.stderr.write(f"RETENTION_DAYS freezes the days before {year.first}; they are left out.")
            self._make(site, year)
        except AWAY as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error

    def _find_site(self, key: str, any_site: bool) -> Site:
        if not key:
            return find_demo_site()
        site = Site.objects.filter(key=key).select_related("account").first() if key.isprintable() else None
        if site is None:
            raise CommandError("No site has this key.")
        if site.account.name != ACCOUNT and not any_site:
            raise CommandError(f"{site} isn't a site of the account {ACCOUNT}; --any-site allows it.")
        return site

    def _make(self, site: Site, year: DemoYear) -> None:
        """Import the spend, and process the hits of the days that aren't in the archive yet."""
        set_up(site)
        visits = list(year.visits())
        archive = open_archive()
        batches = unfinished(archive, year.batches(visits))
        first = day_of(batches[0].made_at, site.timezone)
        for source, lines in year.spend(visits, first).items():
            put_spend(site, source, (first, lines[-1].day), lines, dry_run=False)
        self._process(archive, batches)
        call_command("rollup", site=site.key, wait=0, stdout=self.stdout)
        hits = sum(len(batch.hits) for batch in batches)
        self.stdout.write(f"{site}: {hits} hits of {len(batches)} days, up to {year.days()[-1]}.")

    def _process(self, archive: Archive, batches: Sequence[Batch]) -> None:
        """Archive and process batches in order."""
        work = processor()
        with tqdm(total=len(batches), desc="a demo year", unit=" days", disable=None) as bar:
            for start in range(0, len(batches), AT_ONCE):
                some = batches[start : start + AT_ONCE]
                for batch in some:
                    archive.put(batch)
                work.process_batches(some)
                bar.update(len(some))


def read_year(site: Site, days: int, seed: int, now: int) -> DemoYear:
    """Return the year of a site that ends at the last full hour before `now` (ms). Days whose figures can't change any
    more, because they are too old, are left out."""
    until = now - now % HOUR_MS
    first = first_day(day_of(until - 1, site.timezone), days)
    first_open = next_day(day_of(frozen_before(), site.timezone))
    return DemoYear(site.key, site.timezone, site.currency, seed, max(first, first_open), until)


def unfinished(archive: Archive, batches: Sequence[Batch]) -> Sequence[Batch]:
    """Return the batches that must be processed: all from the first one that is missing in the archive, and up to
    AT_ONCE batches before this one.

    A stopped run may have archived the batches just before the missing one without processing them.
    """
    missing = next((place for place, batch in enumerate(batches) if not is_archived(archive, batch)), len(batches))
    return batches[max(missing - AT_ONCE, 0) :]


def is_archived(archive: Archive, batch: Batch) -> bool:
    """Whether a batch is in the archive."""
    try:
        archive.get_batch(batch.id)
    except NotArchived:
        return False
    return True
