"""`manage.py load_rates`: loads exchange rates by day from a CSV file. If a line is bad, nothing is loaded."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from conversions.configuration.rate_table import Loaded, load
from conversions.marks.retention import frozen_before
from conversions.models.rates import RateRow
from conversions.rules.rate_file import COLUMNS, BadRates, read_rate_file
from conversions.rules.rates import Quote
from tracker.collection.currencies import CURRENCIES


class Command(BaseCommand):
    """Check every line, then load the rates. Changed rates replace the stored ones. Beat later rolls up the hours whose
    figures may change."""

    help = (
        f"Load exchange rates by day from a CSV file with the columns {','.join(COLUMNS)}. On this day, 1 unit of the"
        " currency `base` costs `rate` units of `quote`. If a line is bad, nothing is loaded. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the argument: the file."""
        parser.add_argument("file", metavar="FILE.csv", help="a file in UTF-8; - for standard input")

    def handle(self, **options: Any) -> None:
        """Load the file, or print the fault of each bad line."""
        quotes = self._read(options["file"])
        try:
            loaded = load(quotes, options["file"], frozen_before(), self._watch)
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was loaded, because the configuration database can't store it: {error}"
            ) from error
        self.stdout.write(describe(loaded))

    def _read(self, name: str) -> list[Quote]:
        # A rate may be for a day that has begun somewhere on earth.
        last_day = (datetime.now(UTC) + timedelta(hours=14)).date().isoformat()
        try:
            with opened(name) as lines:
                return read_rate_file(tqdm(lines, desc="reading", unit=" lines", disable=None), last_day, CURRENCIES)
        except BadRates as error:
            raise CommandError(f"{name}: nothing was loaded.\n{error}") from error
        except (OSError, UnicodeError) as error:
            raise CommandError(f"{name} can't be read: {error}") from error

    def _watch(self, parts: Iterable[list[RateRow]]) -> Iterator[list[RateRow]]:
        yield from tqdm(parts, desc="loading", unit=" x 500 rates", disable=None)


@contextmanager
def opened(name: str) -> Iterator[Iterable[str]]:
    """Open a file to read its lines. The name `-` means standard input."""
    if name == "-":
        yield sys.stdin
        return
    with open(name, encoding="utf-8-sig", newline="") as file:
        yield file


def describe(loaded: Loaded) -> str:
    """Return in one line for the terminal how many rates were added or changed."""
    if not loaded.added + loaded.changed:
        return f"All {loaded.same} rates were there already."
    return (
        f"{loaded.added} rates added, {loaded.changed} changed, {loaded.same} as they were."
        f" {loaded.sites} sites with foreign currencies will be rolled up again, by beat or manage.py rollup."
    )
