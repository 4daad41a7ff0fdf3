"""Statements: all CQL statements of the Cassandra store with their costs. Writes are grouped into batches."""

from collections.abc import Iterable, Iterator
from typing import Any

#: The limits of an unlogged batch: rows, partitions and bytes. Cassandra warns about larger batches. Without batches,
#: the driver would take several times the CPU.
BATCH_ROWS, BATCH_PARTITIONS, BATCH_BYTES = 20, 10, 5_000

#: The statements by name. `{ks}` is the keyspace.
STATEMENTS = {
    # Each of these writes one row of one partition. These statements are idempotent.
    "add_timeline": "INSERT INTO {ks}.timeline (site, visitor, kind, at, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_ledger": "INSERT INTO {ks}.ledger_parts (site, bucket, part, kind, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_claims": "INSERT INTO {ks}.claims (site, claim, kind, goal, version, at, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "add_carried": "INSERT INTO {ks}.carried (site, click, kind, at, hit, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_linked": "INSERT INTO {ks}.linked (site, key, other) VALUES (?, ?, ?)",
    "add_rejected": "INSERT INTO {ks}.rejected (site, hour, at, hit, code, field, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "write_cell": "INSERT INTO {ks}.cells (site, model, page, start, key, body) VALUES (?, ?, ?, ?, ?, ?)"
    " USING TIMESTAMP ?",
    # Each of these reads one slice of each of up to BATCH_PARTITIONS partitions.
    "read_conversions": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ? AND kind = 'conversion'"
    " AND at >= ? AND at <= ?",
    "read_some_conversions": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ? AND kind = 'conversion'"
    " AND at >= ? AND at <= ? LIMIT ?",
    "read_some_claims": "SELECT body FROM {ks}.claims WHERE site = ? AND claim IN ? AND kind = 'conversion' LIMIT ?",
    "read_touches": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ?"
    " AND kind IN ('touch click', 'touch view') AND at >= ? AND at <= ? PER PARTITION LIMIT ?",
    "read_cells": "SELECT model, page, start, key, body FROM {ks}.cells WHERE site = ? AND model = ? AND page IN ?",
    "read_linked": "SELECT key, other FROM {ks}.linked WHERE site = ? AND key IN ?",
    "read_claims": "SELECT body FROM {ks}.claims WHERE site = ? AND claim IN ?",
    # Each of these reads one slice of one partition.
    "read_timeline_page": "SELECT body FROM {ks}.timeline"
    " WHERE site = ? AND visitor = ? AND kind = ? AND (at, hit, digest) > (?, ?, ?) LIMIT ?",
    "read_newest": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor = ? AND kind = ? AND at >= ? AND at <= ?"
    " ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT ?",
    "read_by_click_id": "SELECT body FROM {ks}.carried WHERE site = ? AND click = ? AND kind = ? AND at >= ?"
    " AND at <= ? LIMIT ?",
    "read_last_by_click_id": "SELECT body FROM {ks}.carried WHERE site = ? AND click = ? AND kind = ? AND at >= ?"
    " AND at <= ? ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT ?",
    "read_last_link": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor = ? AND kind = 'link' AND at < ?"
    " ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT 1",
    "read_ledger": "SELECT body FROM {ks}.ledger_parts WHERE site = ? AND bucket = ? AND part = ?",
    "read_counts": "SELECT goal, ad, metric, amount FROM {ks}.counters WHERE site = ? AND bucket = ?",
    "read_rejected": "SELECT body FROM {ks}.rejected WHERE site = ? AND hour = ? AND at >= ? AND at < ? LIMIT ?",
    "find_rejected": "SELECT at, hit, code, field FROM {ks}.rejected WHERE site = ? AND hour = ? AND (at, hit) IN ?",
    "read_rejected_counts": "SELECT code, amount FROM {ks}.rejected_counts WHERE site = ? AND day = ?",
    # Each of these reads and writes one counter. These statements are not idempotent and never retried.
    "add_count": "UPDATE {ks}.counters SET amount = amount + ?"
    " WHERE site = ? AND bucket = ? AND goal = ? AND ad = ? AND metric = ?",
    "count_rejected": "UPDATE {ks}.rejected_counts SET amount = amount + ? WHERE site = ? AND day = ? AND code = ?",
    # This always writes the same row, which nobody reads, to check that the store accepts writes.
    "check": "INSERT INTO {ks}.linked (site, key, other) VALUES ('', 'check', '')",
}
#: Statement -> which of its values form the partition key.
PARTITION_KEY = {
    "add_timeline": slice(2),
    "add_ledger": slice(3),
    "add_claims": slice(2),
    "add_carried": slice(2),
    "add_linked": slice(2),
    "add_rejected": slice(2),
    "write_cell": slice(3),
    "add_count": slice(1, 3),
    "count_rejected": slice(1, 3),
}
#: The statements that change counters.
COUNTS = frozenset({"add_count", "count_rejected"})

#: A call of a statement: its name and its values.
Write = tuple[str, tuple[Any, ...]]


def divide_into_batches(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """Group writes into batches. The writes are sorted by partition, and a batch has few partitions."""
    group: list[Write] = []
    partitions: set[Write] = set()
    size = 0
    for write in sorted(writes, key=partition_of):
        weight = sum(len(value) for value in write[1] if isinstance(value, bytes | str))
        more = len(partitions | {partition_of(write)})
        if group and (len(group) >= BATCH_ROWS or more > BATCH_PARTITIONS or size + weight > BATCH_BYTES):
            yield group
            group, partitions, size = [], set(), 0
        group.append(write)
        partitions.add(partition_of(write))
        size += weight
    if group:
        yield group


def partition_of(write: Write) -> Write:
    """Return a key that is equal for all writes to one partition of one table."""
    name, values = write
    return name, values[PARTITION_KEY[name]]
