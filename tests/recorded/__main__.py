"""`python -m tests.recorded WHAT`: makes recorded files again with the present version.

    traffic     the requests, collection's answers to them and the archive that they leave
    door        only collection's answers, to the recorded requests
    answers     the API's answers, from the recorded archive
    store       the rows of a store filled from the archive: SQL's, or Cassandra's if CASSANDRA_URL is set

README.md in this folder says when these files may be made again.
"""

import argparse
import os

import django
from django.core.management import call_command
from django.test.utils import setup_test_environment


def main() -> None:
    """Make the files of one kind, with a temporary state folder."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.recorded", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["traffic", "door", "answers", "store"])
    what = parser.parse_args().what
    start(on_cassandra=what == "store")
    from tests.recorded import making

    make = {"traffic": making.make_traffic, "door": making.make_door, "answers": making.make_answers}
    make.get(what, making.make_store)()


def start(on_cassandra: bool) -> None:
    """Start an empty embedded tracker, on Cassandra if that is allowed and set."""
    for name in ("DATABASE_URL", "BROKER_URL", "ARCHIVE_URL", *(() if on_cassandra else ("CASSANDRA_URL",))):
        os.environ.pop(name, None)
    import tests.isolated  # noqa: F401

    os.environ["DJANGO_SETTINGS_MODULE"] = "tracker.settings"
    django.setup()
    setup_test_environment()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
