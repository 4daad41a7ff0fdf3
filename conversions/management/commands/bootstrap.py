"""`manage.py bootstrap`: makes a first account with everything that a customer needs to start."""

from shlex import quote
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from conversions.configuration.bootstrap import Bootstrapped, bootstrap
from tracker.models import Account, script_tag

FRIENDLY = """
{account} is ready.

  dashboard  {url}/
  sign in    user {staff_user}, password {password}
  snippet    {snippet}
  test hit   curl '{url}/collect?site={site}&type=event&name=purchase&value=29.90&order=A-1'
  tokens     python manage.py bootstrap --json{argument}
"""
DEMO_SHOP = "  demo shop  {url}/demo/\n"


class Command(BaseCommand):
    """Make or find an account with a site, an ad, goals, tokens and a staff user. Each call prints the same secrets."""

    help = "Make an account with a site, a campaign, an ad, goals, tokens and a staff user. If it exists, print it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options: the account, the domain and the form of the output."""
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--account", default="Demo", metavar="NAME", help="the account's name; Demo by default")
        parser.add_argument("--domain", default="", metavar="HOST", help="a domain of the site, such as shop.example")

    def handle(self, **options: Any) -> None:
        """Make the account, or what it lacks, and print its names and secrets."""
        name = options["account"].strip()
        try:
            self._check_tables()
            Account._meta.get_field("name").clean(name, None)
            made = bootstrap(name, options["domain"].strip().lower(), settings.PORT)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DatabaseError as error:
            why = " ".join(str(error).split())
            raise CommandError(f"The configuration database (DATABASE_URL) doesn't answer: {why}") from error
        self.stdout.write(msgspec.json.encode(made).decode() if options["json"] else describe(made))

    def _check_tables(self) -> None:
        if Account._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The tables are missing. Run `python manage.py migrate` first.")


def describe(made: Bootstrapped) -> str:
    """Return the account as text for the terminal: how to sign in, the snippet for pages, and two commands to try."""
    text = FRIENDLY + (DEMO_SHOP if settings.DEMO else "")
    url = f"http://127.0.0.1:{settings.PORT}"
    return text.format(
        **msgspec.to_builtins(made),
        url=url,
        snippet=script_tag(url, made.site),
        password=made.staff_password or "as it was changed",
        argument="" if made.account == "Demo" else f" --account {quote(made.account)}",
    )
