"""Passes: which tests a run includes, in which order, and which of them share a process.

The fixtures and marks of each test decide this. There is no list of files to maintain.
"""

import pytest
from django.db import connection
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

#: Folders whose tests share one process: two crash runs, or two browsers, at once would slow each other's answers.
TOGETHER = ("crash", "browser")
#: Long tests begin first. If they began last, one process would run them while the others had nothing to do.
LONGEST_FIRST = (*TOGETHER, "properties", "test_configuration", "test_health", "test_supervisor", "test_prepare")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--embedded`, for the second run of `make test`."""
    parser.addoption("--embedded", action="store_true", help="only tests that use the database, without services")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that this run leaves out, and sort the others."""
    embedded = config.getoption("embedded")
    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item, embedded)])
    items[:] = sorted((item for item in items if is_wanted(item, embedded)), key=rank)


class ByFile(LoadFileScheduling):
    """Runs all tests of a file in one process, because they may share what they start."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if f"/{folder}/" in file), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Keep our order of files; xdist would sort them by their number of tests."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def is_wanted(item: pytest.Item, embedded: bool) -> bool:
    """Whether this run includes the test."""
    if item.get_closest_marker("sqlite") and connection.vendor != "sqlite":
        return False
    return not embedded or (uses_database(item) and not item.get_closest_marker("services"))


def uses_database(item: pytest.Item) -> bool:
    """Whether the test reads or writes the configuration database."""
    asked = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("django_db")) or "db" in asked or "transactional_db" in asked


def rank(item: pytest.Item) -> int:
    """Return the index of the test's folder or file in LONGEST_FIRST; all others come last, in their usual order."""
    names = {item.path.parent.name, item.path.stem}
    return next((place for place, name in enumerate(LONGEST_FIRST) if name in names), len(LONGEST_FIRST))
