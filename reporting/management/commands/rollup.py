"""`manage.py rollup`: what beat does each minute, now and to the end."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string
from tqdm import tqdm

from conversions.ranges import add_range_arguments, mark_range, read_ranges
from reporting.tasks import roller
from tracker.hit import Unavailable


class Command(BaseCommand):
    """Waits until accepted hits are processed, then rolls up all marked buckets, or those of a range."""

    help = "Roll up the marked buckets, or all those of a range, and wait for it."

    def add_arguments(self, parser: CommandParser) -> None:
        """The wait and the range."""
        help = "for accepted hits to be processed; 60 by default, 0 takes things as they are"
        parser.add_argument("--wait", type=float, default=60, metavar="SECONDS", help=help)
        add_range_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Rolls up; a service that is away ends it with a clear line, and the next try goes on from there."""
        try:
            self._roll_up(options)
        except Unavailable as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error

    def _roll_up(self, options: dict[str, Any]) -> None:
        """Ends with an error if hits were still on their way after the wait."""
        ranges = read_ranges(options["site"], options["since"], options["until"])
        wait = options["wait"]
        idle = wait <= 0 or import_string(settings.WAIT_UNTIL_IDLE)(wait)
        if options["since"] or options["until"]:
            for span in ranges:
                mark_range(span)
        done = roll_up_all(options["site"])
        self.stdout.write(f"{done} buckets rolled up.")
        if not idle:
            raise CommandError(f"Accepted hits were still on their way after {wait:g} s; is a worker running?")


def roll_up_all(site: str | None) -> int:
    """Roll up until nothing is marked that was marked before; gives how many buckets."""
    work = roller()
    marks = work.marked(site)
    for mark in tqdm(marks, desc="rolling up", unit=" buckets", disable=None):
        work.attempt(mark)
    return len(marks)
