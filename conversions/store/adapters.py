"""Adapters: opens the store that the settings name: Cassandra if CASSANDRA_URL is set, otherwise SQL."""

from functools import cache
from os import getpid

from django.conf import settings

from conversions.store.port import Store
from conversions.store.sql import SqlStore

if settings.CASSANDRA_URL:
    from conversions.store.cassandra import CassandraStore


def open_store() -> Store:
    """Return the store of this process. The store connects when it is first used. Each forked process has a store and a
    session of its own."""
    return _store_of(getpid(), settings.CASSANDRA_URL)


@cache
def _store_of(_pid: int, cassandra: str) -> Store:
    return CassandraStore() if cassandra else SqlStore()
