"""The recorded traffic: this version answers as the recorded one did, from its requests, its archive and its stores.

README.md in this folder says what the recorded files are and when they may be made again.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.recorded import asking, tables
from tests.recorded.files import Record, read
from tests.recorded.product import Cell, CellSet, Store, decode_fact, digest, encode_fact
from tests.recorded.steps import comparable, configure, fill_archive, read_archive, replay_under, roll_up_all, send
from tests.recorded.traffic import record

STORES = {"SqlStore": "sql", "CassandraStore": "cassandra"}
#: The answers of each; those of Cassandra beside them name other copies of a hit that came twice.
ANSWERS = {"sql": ("answers",), "cassandra": ("answers", "cassandra-answers")}
#: The tables of cells, and under which name a row tells its token.
TOKENS = {"cellrow": "token", "rollups": "written"}


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


def test_a_store_that_was_filled_before_gives_the_same_answers_before_and_after_it_is_rolled_up_again(
    opened_store: Store,
) -> None:
    name = STORES[type(opened_store).__name__]
    records = read(name)
    fill(name, records)
    assert changed(asking.ask(asking.questions()), name) == []
    cells = list(cells_of(records))
    assert stored(opened_store, cells) == cells
    empty(opened_store, records)
    assert {cell.body for _, cell in stored(opened_store, cells)} == {b"[]"}
    roll_up_all()
    assert stored(opened_store, cells) == cells
    assert changed(asking.ask(asking.figures()), name) == []


def fill(name: str, records: list[Record]) -> None:
    """The store of a name, its marks and the present configuration, as the recorded version left them."""
    for part in ("configuration", "changes"):
        configure(part)
    tables.load_sql(records, tables.MARKS)
    if name == "sql":
        tables.load_sql(records, tables.SQL)
    else:
        tables.load_cassandra(records)


def cells_of(records: list[Record]) -> Iterator[tuple[str, Cell]]:
    """The recorded cells, each with its site, in the order of `stored`."""
    rows = [one["row"] for one in records if one["table"] in TOKENS]
    for row in sorted(rows, key=lambda row: (row["site"], row["bucket"], row["goal"], row["model"])):
        cell = Cell(row["bucket"], row["day"], row["goal"], row["model"], row["body"].encode())
        yield row["site"], cell


def stored(store: Store, cells: list[tuple[str, Cell]]) -> list[tuple[str, Cell]]:
    """What the store has for the sites, models and days of these cells."""
    found: list[tuple[str, Cell]] = []
    for site, some in groupby(cells, key=lambda pair: pair[0]):
        own = [cell for _, cell in some]
        models, days = ({getattr(cell, name) for cell in own} for name in ("model", "day"))
        found.extend((site, cell) for cell in store.read_cells(site, sorted(models), sorted(days)))
    return found


def empty(store: Store, records: list[Record]) -> None:
    """Empty every cell, a little later than it was written: what is answered after that was made again."""
    newest = max(one["row"][TOKENS[one["table"]]] for one in records if one["table"] in TOKENS)
    for site, some in groupby(cells_of(records), key=lambda pair: pair[0]):
        emptied = tuple(msgspec.structs.replace(cell, body=b"[]") for _, cell in some)
        store.write_cells([CellSet(site, newest + 1, emptied)])
