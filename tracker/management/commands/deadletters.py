"""`manage.py deadletters`: lists the batches that could not be processed, or sends them to be processed again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.collection.failure import Transient
from tracker.queues.deadletters import DeadLetter, read_dead_letters, retry_dead_letters


class Command(BaseCommand):
    """List the batches that could not be processed, each with the reason. With --retry, send each to its queue
    again."""

    help = "List the batches that could not be processed. With --retry, send them to their queues again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options --retry and --limit."""
        parser.add_argument("--retry", action="store_true", help="send the batches to their queues again")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N batches; 100 by default")

    def handle(self, **options: Any) -> None:
        """Print one line for each dead letter, then their number."""
        if not settings.BROKER_URL:
            self.stdout.write(
                "There are none: without a broker (BROKER_URL), hits are processed before they are answered."
            )
            return
        limit, number = max(options["limit"], 0), 0
        try:
            letters = retry_dead_letters(limit) if options["retry"] else read_dead_letters(limit)
            for letter in letters:
                self.stdout.write(line(letter))
                number += 1
        except Transient as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{number} dead letters{' sent again' if options['retry'] else ''}.")


def line(letter: DeadLetter) -> str:
    """Describe a dead letter in one line for the operator."""
    hits = "unreadable" if letter.hits is None else f"{letter.hits} hits"
    return f"{letter.batch}  {hits}  {letter.task}  {letter.reason} in {letter.queue}"
