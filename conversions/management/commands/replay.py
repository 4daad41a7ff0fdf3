"""`manage.py replay`: makes all facts and figures of a range again from the archive."""

import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from conversions.marks.ranges import Range, add_range_arguments, read_ranges
from conversions.models import Replay as Progress
from conversions.replay.reading import list_keys
from conversions.replay.replay import end_replay, is_outdated, may_start_at, replay
from conversions.tasks import replay_processor
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.away import AWAY
from tracker.collection.refusal import Refusal


class Command(BaseCommand):
    """Read the archive, write every fact again, and roll up the range. A stopped replay continues where it stopped.

    If the configuration has changed since the replay began, the replay begins again, because earlier hits were
    processed with the old configuration.
    """

    help = "Make the facts and figures of a range of time again from the archive. The times of the hits decide."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: the range, and whether to begin again."""
        add_range_arguments(parser)
        parser.add_argument(
            "--restart", action="store_true", help="begin again, and don't continue where the last replay stopped"
        )

    def handle(self, **options: Any) -> None:
        """Replay the range. If a service can't be reached, the command stops with a message. The next call of the
        command continues the replay."""
        try:
            ranges = read_ranges(options["site"], options["since"], options["until"])
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        if not ranges:
            raise CommandError("There is no site yet. `manage.py bootstrap` makes one.")
        try:
            self._replay(ranges, options)
        except AWAY as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error
        try:
            call_command("rollup", site=options["site"], wait=0, stdout=self.stdout)
        except AWAY as error:
            raise CommandError(
                f"Replayed, but not rolled up: {error}. Beat will roll up later, or run manage.py rollup."
            ) from error

    def _replay(self, ranges: Sequence[Range], options: dict[str, Any]) -> None:
        progress = self._progress(ranges, options)
        time.sleep(min(max(may_start_at(ranges) - now_ms(), 0) / 1000, settings.CONFIG_CACHE_SECONDS))
        archive = open_archive()
        total = sum(1 for _ in list_keys(archive, ranges, progress.last_key))
        with tqdm(total=total, desc="replaying", unit=" objects", disable=None) as bar:
            for read in replay(archive, replay_processor(), ranges, progress):
                bar.update(read.is_last)
                bar.set_postfix(hits=progress.hits, refresh=False)
        end_replay(progress, ranges)
        self.stdout.write(f"{progress.hits} hits of {progress.batches} batches replayed.")
        if progress.damaged:
            self.stderr.write(
                f"{progress.damaged} batches were left out, because they could not be read. The log has details."
            )

    def _progress(self, ranges: Sequence[Range], options: dict[str, Any]) -> Progress:
        site, since, until = (options[name] or "" for name in ("site", "since", "until"))
        progress, _ = Progress.objects.get_or_create(site=site, since=since, until=until, ended_at=None)
        outdated = is_outdated(progress, ranges)
        if outdated:
            self.stdout.write("Beginning again, because the configuration changed since the last attempt began.")
        if outdated or options["restart"]:
            progress.begin_anew()
        if progress.last_key:
            self.stdout.write(f"Continuing after {progress.last_key}. To begin again, use --restart.")
        return progress
