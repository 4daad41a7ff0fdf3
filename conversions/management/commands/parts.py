"""`manage.py parts`: shows or raises the number of parts of a site's future hours. Beat can raise it, too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversions.marks.parts import raise_parts, read_parts
from conversions.rules.parts import NUMBERS
from conversions.units.now import now_ms
from tracker.collection.hit import iso
from tracker.models import Site


class Command(BaseCommand):
    """Show or raise the number of parts of a site's hours."""

    help = "Show into how many parts the hours of a site are divided. With NUMBER, raise the number for future hours."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments: the site and the number."""
        parser.add_argument("site", metavar="KEY", help="the site's public key")
        numbers = ", ".join(map(str, NUMBERS))
        parser.add_argument("number", nargs="?", type=int, help=f"{numbers}; the number can't be lowered")

    def handle(self, **options: Any) -> None:
        """Raise the number of parts if a number is given. Then show all numbers, each with the time from which it
        applies."""
        key, number = options["site"], options["number"]
        if not Site.objects.filter(key=key).exists():
            raise CommandError(f"No site has the key {key!r}. /admin/tracker/site/ lists them.")
        try:
            parts = read_parts([key])[key] if number is None else raise_parts(key, number, now_ms())
        except ValueError as error:
            raise CommandError(str(error)) from error
        for since, one in parts.steps:
            self.stdout.write(f"{one} parts an hour from {iso(since)} on")
        if not parts.steps:
            self.stdout.write("1 part an hour")
