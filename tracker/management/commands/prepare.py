"""`manage.py prepare`: makes the queues, the archive's bucket or folder, and the tables for facts. It does no harm to
run it again."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.collection.failure import Transient
from tracker.services import SERVICES, Service

PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    """Make what the services need: queues, the archive's bucket or folder, and the store's tables. Wait for services
    that are still starting."""

    help = "Make what the tracker needs in its services: queues, bucket and tables. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option --wait."""
        parser.add_argument(
            "--wait",
            type=float,
            default=60,
            metavar="SECONDS",
            help="wait at most this long for services that are starting; 60 by default",
        )

    def handle(self, **options: Any) -> None:
        """Prepare one service after the other. A service that is away is tried again, until --wait seconds have passed
        since the start."""
        deadline = time.monotonic() + options["wait"]
        for service in SERVICES:
            self._prepare(service, deadline)

    def _prepare(self, service: Service, deadline: float) -> None:
        shown = ""
        while True:
            try:
                service.open().prepare()
                return
            except Transient as error:
                if time.monotonic() > deadline:
                    raise CommandError(failure(service, error)) from error
                if str(error) != shown:
                    shown = str(error)
                    self.stderr.write(f"waiting for the {service.name} ({service.variable}): {shown}")
            except Exception as error:  # any error of a service's library: the operator reads one line
                raise CommandError(failure(service, error)) from error
            time.sleep(PAUSE_SECONDS)


def failure(service: Service, error: Exception) -> str:
    """Say for the operator in one line which service can't be used, why, and which variable has its address."""
    why = " ".join(str(error).split()) or type(error).__name__
    return f"The {service.name} can't be used: {why}. {service.variable} says where it is."
