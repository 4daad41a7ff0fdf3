"""Making: makes the recorded files, from the traffic or from other recorded files.

Each function needs an empty tracker, which `python -m tests.recorded` starts.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from tests.recorded import asking, tables
from tests.recorded.files import read, write
from tests.recorded.product import open_store
from tests.recorded.steps import configure, fill_archive, read_archive, replay_under, send
from tests.recorded.traffic import record


def archive_folder() -> Path:
    """Return the folder of the product's archive."""
    return Path(urlsplit(settings.ARCHIVE_URL).path)


def make_traffic() -> None:
    """Send the traffic; record the requests, collection's answers and the archive."""
    configure("configuration")
    requests = record()
    write("requests", requests)
    write("door", send(requests))
    write("archive", read_archive(archive_folder()))


def make_door() -> None:
    """Send the recorded requests, and record collection's answers. The recorded archive stays."""
    configure("configuration")
    write("door", send(read("requests")))


def make_answers() -> None:
    """Record the API's answers, from the recorded archive."""
    fill_store()
    write("answers", asking.ask(asking.questions()))


def make_store() -> None:
    """Record the rows of a store filled from the recorded archive; for Cassandra its answers as well."""
    if not settings.CASSANDRA_URL:
        fill_store()
        write("sql", tables.dump_sql((*tables.SQL, *tables.MARKS)))
        return
    connections["cassandra"].settings_dict["NAME"] = f"recorded_{os.getpid()}"
    open_store().prepare()
    try:
        fill_store()
        write("cassandra", [*tables.dump_cassandra(), *tables.dump_sql(tables.MARKS)])
        recorded = read("answers")
        write("cassandra-answers", (one for one in asking.ask(asking.questions()) if one not in recorded))
    finally:
        tables.cql(f"DROP KEYSPACE {tables.keyspace()}")


def fill_store() -> None:
    """Process and roll up the recorded archive, as workers do."""
    fill_archive(archive_folder(), read("archive"))
    replay_under("configuration", "changes")
