"""Fixtures of the contract tests: each archive and each store in turn."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from conversions.store.port import Store
from tests.conftest import needs_s3
from tests.contracts.archives import Bucket, Folder, Place


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.services)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty, prepared archive: in a folder and in S3 in turn."""
    if request.param == "folder":
        folder = Folder(tmp_path / "archive")
        folder.archive.prepare()
        yield folder
        return
    needs_s3()
    bucket = Bucket(f"contract-{uuid4().hex[:12]}")
    bucket.archive.prepare()
    yield bucket
    bucket.remove()


@pytest.fixture(params=["sql", pytest.param("cassandra", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """The store: SQL and Cassandra in turn. SQL is tested on PostgreSQL and on SQLite, in one run each."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
