"""The stores of the properties: each once, SQL on SQLite, as its contract holds on PostgreSQL, too."""

import pytest

from conversions.store.port import Store


@pytest.fixture(
    params=[pytest.param("sql", marks=pytest.mark.sqlite), pytest.param("cassandra", marks=pytest.mark.services)]
)
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """Every adapter of the store in turn."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
