"""`manage.py import_spend`: imports what ads cost from the export of an ad network. If a line is bad, nothing is
imported."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from conversions.configuration.spend_table import Imported, check_spend, import_spend
from conversions.spend.change import by_currency
from conversions.spend.lines import BadSpend, SpendLine
from conversions.spend.options import MARKS, NAMED, OPTIONS, ORDERS, read_options
from conversions.spend.reader import NETWORKS, SpendFile
from conversions.spend.text import text_of
from conversions.units.micros import six_places
from tracker.collection.currencies import CURRENCIES
from tracker.collection.refusal import Refusal
from tracker.models import Site

#: The largest file, in bytes.
MAX_BYTES = 1_000_000_000
NOTHING = six_places(0)


class Command(BaseCommand):
    """Check every line, then replace what the source reported for the days of the file."""

    help = (
        "Import what ads cost, from a CSV export of Google Ads, Meta, Microsoft Advertising or TikTok, or a file with"
        " the columns day,cost,... If a line is bad, nothing is imported. The command can be repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments: the site, the file, the source, and options for what the file doesn't say, such as its
        currency."""
        parser.add_argument("site", metavar="SITE", help="the site's public key")
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument(
            "--source",
            required=True,
            help="a name of your choice, such as google; the import replaces this source's spend of the same days",
        )
        parser.add_argument("--dry-run", action="store_true", help="only print what would change")
        parser.add_argument(
            "--currency", default="", help="the currency of lines that name none; by default the site's currency"
        )
        parser.add_argument("--decimal", choices=MARKS[1:], default="", help="the decimal mark of the file")
        parser.add_argument("--dates", choices=ORDERS[1:], default="", help="which comes first in 11/12/2026")
        for option in NAMED:
            choices = NETWORKS if option == "network" else None
            parser.add_argument(f"--{option.replace('_', '-')}", default="", metavar="NAME", choices=choices)

    def handle(self, **options: Any) -> None:
        """Import the file, or print the fault of each bad line."""
        site = self._site(options["site"])
        try:
            found = self._import(site, options)
        except BadSpend as error:
            raise CommandError(f"{options['file']}: nothing was imported.\n{error}") from error
        except Refusal as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from error
        except DatabaseError as error:
            raise CommandError(f"Nothing was imported, because the database can't store it: {error}") from error
        self.stdout.write(describe(found, "Would replace" if options["dry_run"] else "Replaced"))

    def _site(self, key: str) -> Site:
        site = Site.objects.filter(key=key).first() if key.isprintable() else None
        if site is None:
            raise CommandError("No site has this key.")
        return site

    def _import(self, site: Site, options: Any) -> Imported:
        name = options["file"]
        source, reading = read_options({one: options[one] for one in OPTIONS}, site.currency, CURRENCIES)
        if os.path.getsize(name) > MAX_BYTES:
            raise BadSpend([f"more than {MAX_BYTES} bytes; import it in parts of whole days"])
        run = check_spend if options["dry_run"] else import_spend
        return run(site, source, SpendFile(text_of(lambda: open(name, "rb")), reading), self._watch)

    def _watch(self, lines: Iterable[SpendLine]) -> Iterator[SpendLine]:
        yield from tqdm(lines, desc="reading", unit=" lines", disable=None)


def describe(found: Imported, verb: str) -> str:
    """Return as text for the terminal what was imported, and the cost in each currency before and after. `verb`: the
    first word of the text, such as Replaced."""
    before, after = by_currency(found.before), by_currency(found.after)
    costs = [
        f"{currency}: {before.get(currency, NOTHING)} -> {after.get(currency, NOTHING)}"
        for currency in sorted({*before, *after})
    ]
    totals = f" {found.totals} lines of totals were left out." if found.totals else ""
    days, lines = f"{found.first} to {found.last}", f"{found.lines} lines ({found.form})"
    head = f"{verb} what this source reported for {days}: {lines}.{totals}"
    return "\n".join([head, *costs])
