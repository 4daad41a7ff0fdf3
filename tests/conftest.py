"""Fixtures for all tests: stores, queues and archives, each adapter by itself or all in turn."""

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
from tracker.refusals import REFUSALS

if settings.CASSANDRA_URL:
    from conversions.store.cassandra import CassandraStore

# No deadline: a busy machine is slow. A failure prints how to repeat it. Each run of a commit uses the same examples,
# because a verdict on a commit must not be a matter of luck. `make worlds` draws new examples each time.
hypothesis.settings.register_profile("here", deadline=None, print_blob=True, derandomize="WORLDS" not in os.environ)
hypothesis.settings.load_profile("here")

# Counts of refused hits are written when a test says so, not by a thread whose connection outlives the test.
REFUSALS.in_background = False

# Without this setting, each test client would look through all static files.
settings.WHITENOISE_AUTOREFRESH = True
# MD5 makes new hashes, because it is fast. PBKDF2 reads the hashes in recorded files.
settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")]

#: The name of this run's keyspace and database, which no other run uses.
KEYSPACE = f"test_hitledger_{os.getpid()}"


def needs(name: str) -> None:
    """Skip the test if the setting of a service is missing. On CI, which has every service, fail it."""
    if getattr(settings, name):
        return
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not set, but CI has that service.")
    pytest.skip(f"{name} is not set; `make services` starts the service and prints it.")


def needs_s3() -> None:
    """Skip the test if there is no real S3. On CI, fail it."""
    if urlsplit(settings.ARCHIVE_URL).scheme == "s3":
        return
    if os.environ.get("CI"):
        pytest.fail("ARCHIVE_URL names no S3, but CI has that service.")
    pytest.skip("ARCHIVE_URL names no S3; `make services` starts the service and prints it.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Give the tests' database on PostgreSQL a name of this run. On SQLite it is in memory."""
    if connections["default"].vendor == "postgresql":
        connections["default"].settings_dict["TEST"]["NAME"] = KEYSPACE


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """Empty the cache of sites before and after each test."""
    forget_cached_sites()
    yield
    forget_cached_sites()


@pytest.fixture
def sql_store(db: None) -> Store:
    """The store on SQL, in the tests' database."""
    return SqlStore()


@pytest.fixture(scope="session", autouse=True)
def cassandra_session() -> Iterator[Store | None]:
    """The store on the real Cassandra, in a keyspace of this run; None if there is no Cassandra."""
    if not settings.CASSANDRA_URL:
        yield None
        return
    connections["cassandra"].settings_dict["NAME"] = KEYSPACE
    store = CassandraStore()
    store.prepare()
    # Rows needn't survive a crash; without syncs to disk, writes are faster.
    store.cql.session().execute(f"ALTER KEYSPACE {KEYSPACE} WITH durable_writes = false")
    yield store
    store.cql.session().execute(f"DROP KEYSPACE {KEYSPACE}", timeout=60)


@pytest.fixture
def cassandra_store(db: None, cassandra_session: Store | None) -> Store:
    """The store on Cassandra. Rows stay until the run ends; each test therefore makes its own sites."""
    needs("CASSANDRA_URL")
    assert cassandra_session is not None
    return cassandra_session


@pytest.fixture(
    params=[pytest.param("sql", marks=pytest.mark.sqlite), pytest.param("cassandra", marks=pytest.mark.services)]
)
def store(request: pytest.FixtureRequest, db: None) -> Store:
    """The store: the test runs on SQL and on Cassandra. On SQL it runs on SQLite; contract tests cover PostgreSQL."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def opened_store(store: Store, settings: Any) -> Store:
    """The store, on SQL and on Cassandra in turn. The product's own code opens this store, too."""
    if isinstance(store, SqlStore):
        settings.CASSANDRA_URL = ""
    opened = open_store()
    assert type(opened) is type(store)
    return opened


@pytest.fixture
def rabbitmq() -> Iterator[RabbitQueue]:
    """RabbitMQ with empty queues that belong to this run."""
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
    """Run the test without a broker: each hit is processed before it is answered."""
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
    """An empty archive in a folder of the test. The product's own code opens this archive, too. Configuration isn't
    cached."""
    settings.ARCHIVE_URL = tmp_path.as_uri()
    settings.CONFIG_CACHE_SECONDS = 0
    open_archive.cache_clear()
    yield FolderArchive(tmp_path)
    open_archive.cache_clear()
