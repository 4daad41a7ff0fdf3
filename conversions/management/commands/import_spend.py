"""`manage.py import_spend`: imports what ads cost from an ad network's export, all or nothing."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from conversions.configuration.spend_table import Imported, check_spend, import_spend
from conversions.spend.lines import BadSpend, SpendLine, SpendNames
from conversions.spend.reader import MAX_LINE, NETWORKS, Reading, SpendFile
from conversions.units.micros import six_places
from tracker.collection.currencies import CURRENCIES
from tracker.models import Site

#: A file has at most this many bytes.
MAX_BYTES = 1_000_000_000
#: What a touch from the network has where the file doesn't say it: option -> the part of a name.
NAMED = {"utm_source": "source", "utm_medium": "medium", "network": "network"}


class Command(BaseCommand):
    """Check every line, then replace what the source said of the days of the file."""

    help = (
        "Import what ads cost, from a CSV export of Google Ads, Meta, Microsoft Advertising or TikTok, or a file with"
        " the columns day,cost,... All or nothing; safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Options: the site, the file, the source, and what the file doesn't say."""
        parser.add_argument("site", metavar="SITE", help="the site's public key")
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--source", required=True, help="a name; an import replaces what its source said before")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--currency", default="", help="where the file names none; default: the site's")
        parser.add_argument("--decimal", choices=(".", ","), default="", help="the mark before decimals")
        parser.add_argument("--dates", choices=("day", "month"), default="", help="what comes first in 11/12/2026")
        for option in NAMED:
            choices = NETWORKS if option == "network" else None
            parser.add_argument(f"--{option.replace('_', '-')}", default="", metavar="NAME", choices=choices)

    def handle(self, **options: Any) -> None:
        """Import the file, or say what is wrong with each bad line."""
        site = self._site(options["site"])
        source = options["source"].strip()
        if not 0 < len(source) <= 100:
            raise CommandError("--source is a name of at most 100 characters.")
        try:
            found = self._import(site, source, options)
        except BadSpend as error:
            raise CommandError(f"{options['file']}: nothing was imported.\n{error}") from error
        except (OSError, UnicodeError) as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from error
        except DatabaseError as error:
            raise CommandError(f"Nothing was imported, because the database can't store it: {error}") from error
        self.stdout.write(describe(found, "Would replace" if options["dry_run"] else "Replaced"))

    def _site(self, key: str) -> Site:
        site = Site.objects.filter(key=key).first() if key.isprintable() else None
        if site is None:
            raise CommandError("No site has this key.")
        return site

    def _import(self, site: Site, source: str, options: Any) -> Imported:
        name = options["file"]
        if os.path.getsize(name) > MAX_BYTES:
            raise BadSpend([f"more than {MAX_BYTES} bytes; import it in parts of whole days"])
        reading = Reading(
            currency=options["currency"].upper() or site.currency,
            currencies=CURRENCIES,
            mark=options["decimal"],
            order=options["dates"],
            names=SpendNames(**{field: options[option] for option, field in NAMED.items()}),
        )
        encoding = find_encoding(name)
        run = check_spend if options["dry_run"] else import_spend
        return run(site, source, SpendFile(lambda: read_lines(name, encoding), reading), self._watch)

    def _watch(self, lines: Iterable[SpendLine]) -> Iterator[SpendLine]:
        yield from tqdm(lines, desc="reading", unit=" lines", disable=None)


def read_lines(name: str, encoding: str) -> Iterator[str]:
    """Read a file line by line. A line that is too long is cut, but stays too long."""
    with open(name, encoding=encoding, newline="") as file:
        while line := file.readline(MAX_LINE + 1):
            yield line


def find_encoding(name: str) -> str:
    """Find the encoding of a file: that of its mark; else UTF-8; else Latin-1 as Windows writes it."""
    with open(name, "rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    try:
        with open(name, encoding="utf-8-sig") as text:
            while text.read(1 << 16):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def describe(found: Imported, verb: str) -> str:
    """Describe what was imported, and each currency's cost before and after."""
    costs = [
        f"{currency}: {six_places(found.before.get(currency, 0))} -> {six_places(found.after.get(currency, 0))}"
        for currency in sorted({*found.before, *found.after})
    ]
    totals = f" {found.totals} lines of totals were left out." if found.totals else ""
    head = f"{verb} what this source said of {found.first} to {found.last}: {found.lines} lines.{totals}"
    return "\n".join([head, *costs])
