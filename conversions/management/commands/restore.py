"""`manage.py restore`: restores the configuration from a snapshot in the archive."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversions.configuration.restore import decode_snapshot, restore
from conversions.configuration.snapshot import keep
from conversions.units.clock import read_instant
from conversions.units.now import now_ms
from tracker.archive import batch_of, open_archive
from tracker.away import AWAY
from tracker.collection.failure import Permanent
from tracker.collection.hit import iso


class Command(BaseCommand):
    """Restore accounts, sites, campaigns, ads, tokens and all versions of goals into the present configuration."""

    help = "Restore the configuration from a snapshot in the archive: the newest, or with --at an earlier one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: which snapshot to restore, or only to list the snapshots."""
        parser.add_argument("--list", action="store_true", help="only list the snapshots, the oldest first")
        parser.add_argument(
            "--at", metavar="T", help="restore the last snapshot before this instant, or before this day (UTC)"
        )

    def handle(self, **options: Any) -> None:
        """Restore a snapshot. Before that, store a snapshot of the present configuration, with which the restore can be
        undone."""
        archive = open_archive()
        try:
            if options["list"]:
                for key in archive.list_snapshots():
                    self.stdout.write(f"{iso(made_at(key))}  {key}")
                return
            key = self._choose(archive, options["at"])
            configuration = decode_snapshot(archive.get_snapshot(key))
            if kept := keep(archive, now_ms()):
                self.stdout.write(f"The configuration before this restore is stored as {kept}.")
            done = restore(configuration)
        except AWAY as error:
            raise CommandError(f"Stopped: {error}. Nothing was restored.") from error
        except Permanent as error:
            raise CommandError(f"{error}. manage.py restore --list shows the snapshots.") from error
        self._report(key, done)

    def _choose(self, archive: Any, at: str | None) -> str:
        try:
            until = read_instant(at, "UTC") if at else None
        except ValueError as error:
            raise CommandError(f"--at must be an instant (2026-11-23T17:00Z) or a day (2026-11-23): {error}") from error
        keys = [key for key in archive.list_snapshots() if until is None or made_at(key) <= until]
        if not keys:
            before = f" made by {datetime.fromtimestamp(until / 1000, UTC):%Y-%m-%d %H:%M} UTC" if until else ""
            raise CommandError(f"The archive has no snapshot{before}.")
        return str(keys[-1])

    def _report(self, key: str, done: Any) -> None:
        self.stdout.write(
            f"Restored {done.accounts} accounts, {done.sites} sites, {done.ads} ads and {done.goals} goals from {key}."
        )
        for note in done.notes:
            self.stdout.write(f"- {note}")
        self.stdout.write("All sites are marked. If the database was lost, manage.py replay makes the figures again.")


def made_at(key: str) -> int:
    """Read from the key of a snapshot when the snapshot was made (ms)."""
    return int(batch_of(key)[:13])
