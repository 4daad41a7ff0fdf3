#!/usr/bin/env python
"""Django's command line for Hitledger."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError, ProgrammingError


def main() -> None:
    """Run the command that the arguments name. A database that is away, or has no tables yet, ends it with a line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    try:
        execute_from_command_line(sys.argv)
    except (InterfaceError, OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        why = " ".join(str(error).split())
        sys.exit(
            f"The configuration database (DATABASE_URL) can't be used; its tables come by manage.py migrate: {why}"
        )


if __name__ == "__main__":
    main()
