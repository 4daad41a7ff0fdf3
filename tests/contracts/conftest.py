"""Fixtures of the contract tests: each archive in turn."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

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
