"""`manage.py deadletters`: batches that a worker couldn't process are listed with their reason, and can be retried."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.running import Tracker
from tracker.celery import DEAD, DEAD_QUEUE, HITS, app
from tracker.collection.hit import Batch, encode_batch
from tracker.queues import new_batch_id
from tracker.queues.broker import connect, count
from tracker.queues.publish import open_publisher
from tracker.queues.rabbit import RabbitQueue
from tracker.tasks import archive_hits


def deadletters(*words: str) -> str:
    """Run the command and return its output."""
    out = StringIO()
    call_command("deadletters", *words, stdout=out)
    return out.getvalue()


def wait_for_dead(number: int) -> None:
    deadline = time.monotonic() + 60
    while (dead := RabbitQueue().metadata().dead) != number:
        assert time.monotonic() < deadline, f"{dead} dead letters, not {number}"
        time.sleep(0.1)


@pytest.mark.services
@pytest.mark.django_db
def test_expired_ticks_of_beat_are_not_dead_lettered(rabbitmq: RabbitQueue) -> None:
    """A worker that was away for an hour finds only batches, and no dead letters of ticks."""
    for name in settings.BEAT.values():
        app.send_task(name, expires=1)
    deadline = time.monotonic() + 30
    with connect() as connection:
        while any(count(connection, queue)[0] for queue in app.amqp.queues):
            assert time.monotonic() < deadline, "ticks wait for ever"
            time.sleep(0.1)
    assert rabbitmq.metadata().dead == 0


def test_an_embedded_tracker_has_no_dead_letters(settings: Any) -> None:
    settings.BROKER_URL = ""
    assert "There are none" in deadletters()


def put_dead(batch: Batch, queue: str) -> None:
    """Make a dead letter, which a retry returns to this queue."""
    with app.connection_for_write() as connection:
        connection.Producer().publish(
            [[encode_batch(batch)], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
            routing_key=DEAD,
            serializer="json",
            headers={
                "lang": "py",
                "task": "tracker.tasks.archive_hits",
                "id": batch.id,
                "root_id": batch.id,
                "x-death": [{"queue": queue, "reason": "rejected", "count": 1}],
            },
        )


def test_listing_dead_letters_often_deletes_none() -> None:
    """By default RabbitMQ 4 deletes a dead letter after 20 looks. With the limit -1, RabbitMQ 3 deletes it at the first
    look."""
    assert DEAD_QUEUE.queue_arguments["x-delivery-limit"] > 1_000_000_000


@pytest.mark.services
@pytest.mark.django_db
def test_a_batch_that_fails_again_at_once_is_retried_once(rabbitmq: RabbitQueue) -> None:
    """The batch is in the queue of dead letters again before the retry has ended."""
    for _ in range(2):
        put_dead(Batch(new_batch_id()), DEAD)
    wait_for_dead(2)
    assert "2 dead letters sent again." in deadletters("--retry")
    wait_for_dead(2)


@pytest.mark.services
@pytest.mark.django_db
class TestOnRabbitMQ:
    """Dead letters with a real worker."""

    @pytest.fixture(autouse=True)
    def worker(self, rabbitmq: RabbitQueue, tmp_path: Path) -> Iterator[None]:
        """A worker on the queues of this run."""
        with Tracker(tmp_path, services=True) as tracker:
            tracker.migrate()
            tracker.start("worker")
            yield

    def test_an_unreadable_batch_is_listed_and_fails_again_after_a_retry(self) -> None:
        batch = new_batch_id()
        archive_hits.apply_async(("this is no batch",), task_id=batch)
        wait_for_dead(1)
        listed = deadletters()
        assert f"{batch}  unreadable  tracker.tasks.archive_hits  rejected in {HITS}" in listed
        assert "1 dead letters." in listed
        assert "1 dead letters." in deadletters(), "listing removes nothing"
        assert "1 dead letters sent again." in deadletters("--retry")
        wait_for_dead(1)

    def test_a_batch_whose_task_was_fixed_succeeds_at_the_retry(self) -> None:
        """The dead letter is put in by hand, and the worker accepts the batch. A retry after a fixed task does the
        same."""
        mended = Batch(new_batch_id())
        put_dead(mended, HITS)
        wait_for_dead(1)
        assert f"{mended.id}  0 hits" in deadletters("--retry")
        wait_for_dead(0)
        deadline = time.monotonic() + 30
        while not RabbitQueue().is_idle() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert RabbitQueue().is_idle()
        assert RabbitQueue().metadata().dead == 0
        open_publisher().close()
