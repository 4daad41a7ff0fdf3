"""`manage.py preview_goal`: counts what a goal would have counted, from the archive. Nothing is changed."""

from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from conversions.configuration.loading import load_site
from conversions.configuration.rate_table import read_rates
from conversions.models import GoalRules
from conversions.replay.draft import draft_goal
from conversions.replay.preview import LONGEST_DAYS, Preview, describe_preview, last_days
from conversions.replay.reading import list_keys
from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.away import AWAY
from tracker.models import Site

TEXT = """{key}: in the last {days} days, {answer.conversions} conversions worth {answer.value} {answer.currency}.
{answer.objects} objects of the archive were read; {answer.damaged} of their pieces could not be read."""
NO_RATE = "{} is missing in the value, because no exchange rate is known."
RULES = tuple(field for field in GoalRules._meta.fields if field.name != "active")


class Command(BaseCommand):
    """Read the archive, with a progress bar, and print what the goal would have counted."""

    help = "Count, from the archive, the conversions that a goal would have counted in the last days. Nothing changes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: the goal, the number of days, and rules that replace the goal's own rules."""
        parser.add_argument("--site", required=True, metavar="KEY", help="the site, by its public key")
        parser.add_argument(
            "--goal",
            default="",
            metavar="KEY",
            help="a saved goal, some of whose rules the options replace",
        )
        parser.add_argument(
            "--days", type=int, default=30, metavar="N", help=f"number of days; 30 by default, at most {LONGEST_DAYS}"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        for field in RULES:
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, action="append", metavar="TEXT", help=str(field.help_text) or field.name)

    def handle(self, **options: Any) -> None:
        """Print the number of conversions and their value."""
        site = Site.objects.filter(key=options["site"]).first()
        config = load_site(options["site"])
        if site is None or config is None:
            raise CommandError(f"No site has the key {options['site']!r}. /admin/tracker/site/ lists them.")
        if not 1 <= options["days"] <= LONGEST_DAYS:
            raise CommandError(f"--days must be from 1 to {LONGEST_DAYS}.")
        rules = {field.name: "\n".join(given) for field in RULES if (given := options[field.name]) is not None}
        site_range = last_days(site.key, options["days"], now_ms())
        try:
            draft = draft_goal(site, config, options["goal"], rules, site_range.since)
            preview = Preview(open_store(), config, draft, site_range, read_rates)
            self._gather(preview, site_range)
            answer = describe_preview(preview, site_range, config)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except AWAY as error:
            raise CommandError(f"Stopped: {error}. Nothing was changed.") from error
        text = TEXT.format(key=draft.key, days=options["days"], answer=answer)
        self.stdout.write(msgspec.json.encode(answer).decode() if options["json"] else text)
        if left_out := answer.unrated.no_rate.values:
            self.stderr.write(NO_RATE.format(", ".join(f"{amount} {code}" for code, amount in left_out.items())))
        if not answer.complete:
            self.stderr.write(
                f"The preview ran out of time: hits that were archived after {answer.reached} are not counted."
            )

    def _gather(self, preview: Preview, site_range: Any) -> None:
        archive = open_archive()
        total = sum(1 for _ in list_keys(archive, [site_range]))
        with tqdm(total=total, desc="reading", unit=" objects", disable=None) as bar:
            for read in preview.gather(archive):
                bar.update(read.is_last)
