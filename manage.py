#!/usr/bin/env python
"""Django's command line for Hitledger."""

import gc
import os
import sys

from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError, ProgrammingError


def main() -> None:
    """Run the command that the arguments name. Ctrl-C ends it with a line, so does a database that can't be used."""
    # Each collection of garbage would look through all modules that are imported so far, and find none. TrackerConfig
    # turns it on again.
    gc.disable()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # The terminal has written ^C, perhaps behind a progress bar; 130 is what shells say of such an end.
        sys.stderr.write("\nStopped. The same command may be given again.\n")
        sys.exit(130)
    except (InterfaceError, OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        why = " ".join(str(error).split())
        sys.exit(
            f"The configuration database (DATABASE_URL) can't be used; its tables come by manage.py migrate: {why}"
        )


if __name__ == "__main__":
    main()
