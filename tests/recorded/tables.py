"""Tables: writes the rows of a store and its marks to files, and loads them into empty tables.

Rows use the names of apps, tables and columns, which don't change. Text stays text.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cassandra.concurrent import execute_concurrent
from django.apps import apps
from django.db import connections
from django.db.models import AutoField, Model

from tests.recorded.files import Record

#: The tables of marks and tokens. They are in the configuration database with every store.
MARKS = ("mark", "fitmark", "sitecurrency", "sequence")
#: The tables of the SQL store.
SQL = ("factrow", "linkedrow", "setasiderow", "setasidecountrow")
#: The tables of the Cassandra store, with their columns.
CASSANDRA = {
    "timeline": ("site", "visitor", "kind", "at", "hit", "digest", "body"),
    "ledger_parts": ("site", "bucket", "part", "kind", "hit", "digest", "body"),
    "claims": ("site", "claim", "kind", "goal", "version", "at", "hit", "digest", "body"),
    "carried": ("site", "click", "kind", "at", "hit", "digest", "body"),
    "linked": ("site", "key", "other"),
    "rejected": ("site", "hour", "at", "hit", "code", "field", "body"),
}
#: The table of counters, to which rows are added by increments.
COUNTED = ("site", "day", "code")


def model_of(table: str) -> type[Model]:
    """Return the Django model of a table."""
    return apps.get_model("conversions", table)


def dump_sql(tables: Iterable[str]) -> Iterator[Record]:
    """Return the rows of tables in the order of their ids. Ids that the database makes are left out."""
    for table in tables:
        fields = [field.name for field in model_of(table)._meta.fields if not isinstance(field, AutoField)]
        for row in model_of(table)._default_manager.order_by("pk").values(*fields):
            yield {"table": table, "row": plain(row)}


def load_sql(records: Iterable[Record], tables: Iterable[str]) -> None:
    """Write rows to the tables of their models."""
    rows: dict[str, list[Model]] = {table: [] for table in tables}
    for one in records:
        if one["table"] in rows:
            rows[one["table"]].append(model_of(one["table"])(**restored(one)))
    for table, some in rows.items():
        model_of(table)._default_manager.bulk_create(some, 200)


def restored(record: Record) -> Record:
    """Return a row's fields as the model has them. Bodies are bytes, except that a rejected hit's is text."""
    return record["row"] if record["table"] == "setasiderow" else raw(record["row"])


def dump_cassandra() -> Iterator[Record]:
    """Return all rows of the keyspace."""
    for table, columns in CASSANDRA.items():
        for row in cql(f"SELECT {', '.join(columns)} FROM {keyspace()}.{table}"):
            yield {"table": table, "row": plain(row)}
    for row in cql(f"SELECT {', '.join(COUNTED)}, amount FROM {keyspace()}.rejected_counts"):
        yield {"table": "rejected_counts", "row": plain(row)}


def load_cassandra(records: Iterable[Record]) -> None:
    """Write rows to the keyspace, some at a time."""
    session = connections["cassandra"].connection.session
    execute_concurrent(session, list(map(written, filter(is_cassandra, records))), concurrency=64)


def is_cassandra(record: Record) -> bool:
    """Whether a row belongs to the Cassandra store."""
    return record["table"] in CASSANDRA or record["table"] == "rejected_counts"


def written(record: Record) -> tuple[str, list[Any]]:
    """Return the statement that writes a row, and its values."""
    table, row = record["table"], raw(record["row"])
    if table == "rejected_counts":
        return insert_count(), [row["amount"], *(row[name] for name in COUNTED)]
    return insert(table), [row[name] for name in CASSANDRA[table]]


def insert(table: str) -> str:
    """Return the statement that inserts a row."""
    columns = CASSANDRA[table]
    marks = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {keyspace()}.{table} ({', '.join(columns)}) VALUES ({marks})"


def insert_count() -> str:
    """Return the statement that adds to a counter."""
    places = " AND ".join(f"{name} = %s" for name in COUNTED)
    return f"UPDATE {keyspace()}.rejected_counts SET amount = amount + %s WHERE {places}"


def cql(statement: str) -> Any:
    """Run a statement on the store's session, and return its rows."""
    return connections["cassandra"].connection.session.execute(statement)


def keyspace() -> str:
    """Return the name of this run's keyspace."""
    name: str = connections["cassandra"].settings_dict["NAME"]
    return name


def plain(row: Record) -> Record:
    """Convert a row to JSON types."""
    return {
        name: bytes(value).decode() if isinstance(value, bytes | memoryview) else value for name, value in row.items()
    }


def raw(row: Record) -> Record:
    """Convert a row from JSON types to the databases' types."""
    return {name: value.encode() if name == "body" else value for name, value in row.items()}
