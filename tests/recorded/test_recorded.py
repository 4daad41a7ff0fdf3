"""Recorded traffic: from its requests, archive and stores this version gives the same answers as the recorded one.

README.md in this folder says what the recorded files are and when they may be made again.
"""

from pathlib import Path
from typing import Any

import pytest

from conversions.api import catalogue, conversions
from tests.recorded import asking, tables
from tests.recorded.files import Record, read
from tests.recorded.product import Store, decode_fact, digest, encode_fact
from tests.recorded.steps import comparable, configure, fill_archive, read_archive, replay_under, roll_up_all, send
from tests.recorded.traffic import record
from tracker.archive import finder

STORES = {"SqlStore": "sql", "CassandraStore": "cassandra"}
#: The files of answers by store. Some answers differ on Cassandra, because they name another copy of a duplicate hit.
ANSWERS = {"sql": ("answers",), "cassandra": ("answers", "cassandra-answers")}


@pytest.fixture
def embedded(db: None, inline: None, settings: Any, tmp_path: Path) -> Path:
    """Runs the test without services, even if they are set. Returns the folder of the archive."""
    settings.CASSANDRA_URL = ""
    return tmp_path / "archive"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no answer end early because the machine is busy: pages would be shorter, and objects not named."""
    monkeypatch.setattr(finder, "SECONDS", 60.0)
    monkeypatch.setattr(conversions, "PAGE_SECONDS", 60.0)
    monkeypatch.setattr(catalogue, "PREVIEW_SECONDS", 60)


def changed(answers: list[Record], store: str = "sql") -> list[str]:
    """Return the differences between these answers and the recorded ones of a store."""
    recorded = {one["ask"]: one for name in ANSWERS[store] for one in read(name)}
    return asking.differences((recorded[one["ask"]] for one in answers), answers)


def test_the_recorded_requests_are_those_of_the_traffic_module() -> None:
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
def test_recorded_facts_can_be_read_and_have_the_recorded_digest(name: str) -> None:
    rows = [one["row"] for one in read(name) if "digest" in one["row"]]
    assert len(rows) > 500
    for row in rows:
        fact = decode_fact(row["body"].encode())
        assert encode_fact(fact).decode() == row["body"]
        assert digest(fact) == row["digest"]


def test_a_recorded_store_gives_the_recorded_answers_once_it_is_rolled_up(opened_store: Store) -> None:
    name = STORES[type(opened_store).__name__]
    fill(name, read(name))
    roll_up_all()
    assert changed(asking.ask(asking.questions()), name) == []


def fill(name: str, records: list[Record]) -> None:
    """Fill a store and its marks as the recorded version left them, under the present configuration, without cells."""
    for part in ("configuration", "changes"):
        configure(part)
    tables.load_sql(records, tables.MARKS)
    if name == "sql":
        tables.load_sql(records, tables.SQL)
    else:
        tables.load_cassandra(records)
