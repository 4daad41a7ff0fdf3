"""`manage.py replay`: all facts and rollups of a range again from the archive."""

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string
from tqdm import tqdm

from conversions.models import Replay as Progress
from conversions.ranges import add_range_arguments, read_ranges
from conversions.replay import object_range, replay
from conversions.tasks import processor
from tracker.hit import Unavailable


class Command(BaseCommand):
    """Goes through the archive, makes every fact again and rolls the range up. Goes on where it was stopped."""

    help = "Make facts and rollups of a range again from the archive, by the hits' own time. Safe at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        """The range, and whether to forget an earlier try."""
        add_range_arguments(parser)
        parser.add_argument("--restart", action="store_true", help="from the beginning, not where the last try stopped")

    def handle(self, **options: Any) -> None:
        """Replays; a service that is away ends it with a clear line, and the next try goes on from there."""
        ranges = read_ranges(options["site"], options["since"], options["until"])
        if not ranges:
            raise CommandError("There is no site yet; `manage.py bootstrap` makes one.")
        progress = self._progress(options)
        self._wait_for_caches()
        try:
            hits = self._replay(ranges, progress)
        except Unavailable as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error
        progress.delete()
        self.stdout.write(f"{hits} hits replayed.")
        call_command("rollup", site=options["site"], since=options["since"], until=options["until"], wait=0)

    def _progress(self, options: dict[str, Any]) -> Progress:
        name = " ".join([options["site"] or "", options["since"] or "", options["until"] or ""])
        if options["restart"]:
            Progress.objects.filter(range=name).delete()
        progress, new = Progress.objects.get_or_create(range=name)
        if not new and progress.last_key:
            self.stdout.write(f"Going on after {progress.last_key}; --restart begins anew.")
        return progress

    def _wait_for_caches(self) -> None:
        """No worker may still miss a goal that was made retroactive just now."""
        time.sleep(settings.CONFIG_CACHE_SECONDS if settings.BROKER_URL else 0)

    def _replay(self, ranges: Any, progress: Progress) -> int:
        archive = import_string(settings.OPEN_ARCHIVE)()
        since, until = object_range(ranges)
        keys = list(archive.list(since, until, progress.last_key))
        steps = replay(archive, processor(), ranges, keys, progress)
        return sum(tqdm(steps, total=len(keys), desc="replaying", unit=" objects", disable=None))
