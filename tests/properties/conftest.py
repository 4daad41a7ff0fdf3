"""The stores of the property tests. SQL runs on SQLite alone, because the contract tests cover PostgreSQL."""

import pytest

from conversions.store.port import Store


@pytest.fixture(
    params=[pytest.param("sql", marks=pytest.mark.sqlite), pytest.param("cassandra", marks=pytest.mark.services)]
)
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """Each adapter of the store in turn."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
