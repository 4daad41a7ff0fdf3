"""The recorded traffic: this version answers as the recorded one did, from its requests, its archive and its stores.

README.md in this folder says what the recorded files are and when they may be made again.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.recorded import asking, tables
from tests.recorded.files import Record, read
from tests.recorded.product import Store, decode_fact, digest, encode_fact
from tests.recorded.steps import comparable, configure, fill_archive, read_archive, replay_under, roll_up_all, send
from tests.recorded.traffic import record

STORES = {"SqlStore": "sql", "CassandraStore": "cassandra"}
#: The answers of each; those of Cassandra beside them name other copies of a hit that came twice.
ANSWERS = {"sql": ("answers",), "cassandra": ("answers", "cassandra-answers")}


@pytest.fixture
def embedded(db: None, inline: None, settings: Any, tmp_path: Path) -> Path:
    """A tracker without services, whatever is set; gives the folder of its archive."""
    settings.CASSANDRA_URL = ""
    return tmp_path / "archive"


def changed(answers: list[Record], store: str = "sql") -> list[str]:
    """How these answers differ from the recorded ones of a store."""
    recorded = {one["ask"]: one for name in ANSWERS[store] for one in read(name)}
    return asking.differences((recorded[one["ask"]] for one in answers), answers)


def test_the_recorded_requests_are_those_that_the_traffic_tells() -> None:
    assert record() == read("requests")


def test_requests_are_answered_archived_and_counted_as_recorded(embedded: Path) -> None:
    requests = read("requests")
    configure("configuration")
    assert send(requests) == read("door")
    assert comparable(read_archive(embedded), requests) == comparable(read("archive"), requests)
    replay_under("changes")
    assert changed(asking.ask(asking.figures())) == []


def test_a_replay_of_the_recorded_archive_gives_every_answer_as_recorded(embedded: Path) -> None:
    fill_archive(embedded, read("archive"))
    replay_under("configuration", "changes")
    assert changed(asking.ask(asking.questions())) == []


@pytest.mark.parametrize("name", STORES.values())
def test_facts_that_were_stored_are_read_and_have_the_digest_that_they_had(name: str) -> None:
    rows = [one["row"] for one in read(name) if "digest" in one["row"]]
    assert len(rows) > 500
    for row in rows:
        fact = decode_fact(row["body"].encode())
        assert encode_fact(fact).decode() == row["body"]
        assert digest(fact) == row["digest"]


def test_a_store_that_was_filled_before_gives_the_same_answers_once_it_is_rolled_up_again(opened_store: Store) -> None:
    name = STORES[type(opened_store).__name__]
    fill(name, read(name))
    roll_up_all()
    assert changed(asking.ask(asking.questions()), name) == []


def fill(name: str, records: list[Record]) -> None:
    """The store of a name, its marks and the present configuration, as the recorded version left them, no cells."""
    for part in ("configuration", "changes"):
        configure(part)
    tables.load_sql(records, tables.MARKS)
    if name == "sql":
        tables.load_sql(records, tables.SQL)
    else:
        tables.load_cassandra(records)
