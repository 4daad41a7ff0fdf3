"""`manage.py merge_archive`: merges all archived objects whose time has come. Without this command, workers merge a few
each minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from tracker.archive import merged_until, open_archive, open_merger
from tracker.away import AWAY
from tracker.prometheus import count_merged


class Command(BaseCommand):
    """Merge all archived objects whose time has come, oldest hour first. The command shows its progress, and may be
    stopped and started again."""

    help = "Merge the small objects of past hours in the archive into large objects. Safe at any time."

    def handle(self, **_: Any) -> None:
        """Merge the objects. Print how many there were, and how many were merged."""
        until, gone = merged_until(), 0
        try:
            total = sum(1 for _ in open_archive().list_small(0, until - until % 3_600_000))
            with tqdm(total=total, desc="merging", unit=" objects", disable=None) as bar:
                for some in open_merger().merge(until):
                    gone += some
                    count_merged(some)
                    bar.update(some)
        except AWAY as error:
            raise CommandError(f"Stopped: {error}. The same command goes on from here.") from error
        self.stdout.write(f"{gone} of {total} objects were merged.")
