"""What every test may ask for: each adapter of the store, and both in turn."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.db import connections

from conversions.configuration.loading import forget_cached_sites
from conversions.store.adapters import open_store
from conversions.store.port import Store
from conversions.store.sql import SqlStore
from tracker.archive import FolderArchive, open_archive
from tracker.celery import DEAD_QUEUE, app
from tracker.commit import _committer_of
from tracker.queues import open_queue
from tracker.queues.join import open_joiner
from tracker.queues.rabbit import RabbitQueue

if settings.CASSANDRA_URL:
    from conversions.store.cassandra import CassandraStore

# A busy machine is slow; what fails is printed so that it can be repeated. Each run draws other examples, also where CI
# is set, which Hypothesis would take to mean the same ones each time.
hypothesis.settings.register_profile("here", deadline=None, print_blob=True, derandomize=False)
hypothesis.settings.load_profile("here")

# Each test's client would look through all static files.
settings.WHITENOISE_AUTOREFRESH = True
# The first makes a password's hash, at once; the second can read those of a recorded past.
settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")]

#: Two runs at once don't meet: the name of their keyspace and of their database.
KEYSPACE = f"test_hitledger_{os.getpid()}"


def needs(name: str) -> None:
    """The test needs a real service: where CI promises it, it must be there."""
    if getattr(settings, name):
        return
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not set, but CI has that service.")
    pytest.skip(f"{name} is not set; `make services` starts the service and prints it.")


def needs_s3() -> None:
    """The test needs the real S3, likewise."""
    if urlsplit(settings.ARCHIVE_URL).scheme == "s3":
        return
    if os.environ.get("CI"):
        pytest.fail("ARCHIVE_URL names no S3, but CI has that service.")
    pytest.skip("ARCHIVE_URL names no S3; `make services` starts the service and prints it.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """On PostgreSQL the tests' database has the run's name, too; on SQLite it lies in the memory of the process."""
    if connections["default"].vendor == "postgresql":
        connections["default"].settings_dict["TEST"]["NAME"] = KEYSPACE


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """No test sees another's configuration."""
    forget_cached_sites()
    yield
    forget_cached_sites()


@pytest.fixture
def sql_store(db: None) -> Store:
    """The embedded store."""
    return SqlStore()


@pytest.fixture(scope="session", autouse=True)
def cassandra_session() -> Iterator[Store | None]:
    """The store on the real Cassandra, if the settings name one, in a keyspace of the tests."""
    if not settings.CASSANDRA_URL:
        yield None
        return
    connections["cassandra"].settings_dict["NAME"] = KEYSPACE
    store = CassandraStore()
    store.prepare()
    # Nobody reads these rows after a crash, which saves a sync of each write.
    store.cql.session().execute(f"ALTER KEYSPACE {KEYSPACE} WITH durable_writes = false")
    yield store
    store.cql.session().execute(f"DROP KEYSPACE {KEYSPACE}", timeout=60)


@pytest.fixture
def cassandra_store(db: None, cassandra_session: Store | None) -> Store:
    """The real store; what tests write there stays until the end, so each makes sites of its own."""
    needs("CASSANDRA_URL")
    assert cassandra_session is not None
    return cassandra_session


@pytest.fixture(params=["sql", pytest.param("cassandra", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """Every adapter of the store in turn."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def opened_store(store: Store, settings: Any) -> Store:
    """Every adapter in turn, as the one that the product opens."""
    if isinstance(store, SqlStore):
        settings.CASSANDRA_URL = ""
    opened = open_store()
    assert type(opened) is type(store)
    return opened


@pytest.fixture
def rabbitmq() -> Iterator[RabbitQueue]:
    """RabbitMQ with queues of this run's own, empty."""
    needs("BROKER_URL")
    queue = RabbitQueue()
    queue.prepare()
    yield queue
    open_joiner().close()
    with app.connection_for_write() as connection:
        for one in (*app.amqp.queues.values(), DEAD_QUEUE):
            one(connection.default_channel).delete()


@pytest.fixture
def inline(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Whatever services are set, this test's tracker has no broker: a hit is processed when its answer comes."""
    settings.BROKER_URL = ""
    settings.ARCHIVE_URL = (tmp_path / "archive").as_uri()
    opened = (open_archive, open_queue, _committer_of)
    for cached in opened:
        cached.cache_clear()
    yield
    for cached in opened:
        cached.cache_clear()


@pytest.fixture
def archive(tmp_path: Path, settings: Any) -> Iterator[FolderArchive]:
    """A folder of the test's own as the archive that the product opens; no cache is waited for."""
    settings.ARCHIVE_URL = tmp_path.as_uri()
    settings.CONFIG_CACHE_SECONDS = 0
    open_archive.cache_clear()
    yield FolderArchive(tmp_path)
    open_archive.cache_clear()
