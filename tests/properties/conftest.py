"""Fixtures of the property tests: the stores. SQL is tested only on SQLite; the contract tests cover PostgreSQL."""

import pytest

from conversions.store.port import Store


@pytest.fixture(
    params=[pytest.param("sql", marks=pytest.mark.sqlite), pytest.param("cassandra", marks=pytest.mark.services)]
)
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """The store: SQL and Cassandra in turn."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
