"""Fixtures of the crash tests: services that a test may kill."""

from collections.abc import Iterator

import pytest

from tests.conftest import needs
from tests.crash.services import OwnServices


@pytest.fixture(scope="session")
def own_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServices]:
    """A separate set of real services, if they are available."""
    needs("BROKER_URL")
    with OwnServices(tmp_path_factory.mktemp("services")) as services:
        yield services
