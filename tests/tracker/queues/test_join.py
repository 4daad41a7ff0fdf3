"""Joining: a worker adds waiting batches to the one in hand. No batch is lost or forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.app.trace import build_tracer
from celery.states import IGNORED
from django.conf import settings as configured
from kombu.message import Message

from conversions.models import Marker
from conversions.replay.reading import BEHIND_MS
from tracker.archive import ArchiveUnavailable, FolderArchive
from tracker.celery import DEAD, FACTS, HITS, app
from tracker.collection.collect import MAX_AGE_TRUSTED_MS
from tracker.collection.hit import Batch, Hit, batch_id, decode_batch, encode_batch
from tracker.queues import new_batch_id
from tracker.queues.broker import connect, count, text_of
from tracker.queues.join import APART_MS, Joiner, joined
from tracker.queues.rabbit import RabbitQueue
from tracker.tasks import archive_hits

RECEIVED = 1
NOON = 1_795_176_000_000  # 2026-11-20T12:00Z


def batch(*ids: str) -> Batch:
    """Return a batch of page hits."""
    hits = [Hit(id=one, site="s", type="page", at=1, received=RECEIVED, visitor="v") for one in ids]
    return Batch(new_batch_id(), tuple(hits))


def ids(found: Batch | None) -> list[str]:
    """Return the ids of a batch's hits."""
    assert found is not None
    return [hit.id for hit in found.hits]


def test_batches_joined_in_any_order_make_the_same_batch() -> None:
    one, two = batch("a"), batch("b", "c")
    assert joined([one, two]).id == joined([two, one]).id
    assert ids(joined([one, two])) == ["a", "b", "c"]


def test_joined_batches_have_their_own_archive_key() -> None:
    one, two, three = batch("a"), batch("b"), batch("c")
    made = [one, two, three, joined([one, two]), joined([one, three]), joined([one, two, three])]
    assert len({each.id for each in made}) == len(made)


def test_a_joined_batch_has_the_time_of_its_last_batch() -> None:
    early, late = (Batch(batch_id(made_at, "x"), batch("a").hits) for made_at in (1000, 2000))
    assert joined([late, early]).made_at == 2000


def test_a_marker_adds_nothing_to_a_joined_batch() -> None:
    one = batch("a")
    assert joined([one, Batch(new_batch_id())]) == one


def test_a_replay_finds_the_oldest_hit_of_joined_batches() -> None:
    """The latest batch may be APART_MS newer than the earliest. Hits of the earliest batch may be MAX_AGE_TRUSTED_MS
    old."""
    assert MAX_AGE_TRUSTED_MS + 2 * APART_MS <= BEHIND_MS


@pytest.mark.services
@pytest.mark.django_db
class TestOnRabbitMQ:
    """Joining with batches that wait in RabbitMQ."""

    @pytest.fixture
    def joiner(self, rabbitmq: RabbitQueue) -> Iterator[Joiner]:
        """A joiner whose connection is closed after the test."""
        joiner = Joiner()
        yield joiner
        joiner.close()

    def test_waiting_batches_are_joined(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        for name in ("b", "c"):
            rabbitmq.send(batch(name))
        assert ids(joiner.join(batch("a"), 100)) == ["a", "b", "c"]
        joiner.acknowledge()
        assert waiting(HITS) == 0
        joiner.close()
        assert waiting(HITS) == 0

    def test_a_batch_without_others_waiting_stays_alone(self, joiner: Joiner) -> None:
        assert joiner.join(batch("a"), 100) is None

    def test_taken_batches_return_to_the_queue_if_their_worker_dies(
        self, rabbitmq: RabbitQueue, joiner: Joiner
    ) -> None:
        rabbitmq.send(batch("b"))
        joiner.join(batch("a"), 100)
        assert waiting(HITS) == 0
        joiner.close()
        assert [decode_batch(text_of(one.body)).hits[0].id for one in take(HITS)] == ["b"]

    def test_batches_left_in_hand_by_a_failed_task_are_joined_again(
        self, rabbitmq: RabbitQueue, joiner: Joiner
    ) -> None:
        rabbitmq.send(batch("b"))
        joiner.join(batch("a"), 100)
        assert ids(joiner.join(batch("c"), 100)) == ["c", "b"]

    def test_a_redelivered_batch_is_not_joined_with_others(self, rabbitmq: RabbitQueue, archive: FolderArchive) -> None:
        rabbitmq.send(batch("b"))
        work(batch("a"), redelivered=True)
        assert [ids(decode_batch(text_of(message.body))) for message in take(FACTS)] == [["a"]]
        assert waiting(HITS) == 1

    def test_two_batches_that_may_have_killed_a_worker_are_not_joined(
        self, rabbitmq: RabbitQueue, joiner: Joiner
    ) -> None:
        for name in ("b", "c"):
            rabbitmq.send(batch(name))
        joiner.join(batch("a"), 100)
        joiner.close()
        rabbitmq.send(batch("d"))
        assert ids(joiner.join(batch("a"), 100)) == ["a", "b"]

    def test_no_more_hits_are_joined_than_a_batch_may_hold(
        self, rabbitmq: RabbitQueue, joiner: Joiner, settings: Any
    ) -> None:
        settings.HIT_BATCH_MAX = 7
        for n in range(4):
            rabbitmq.send(batch(f"{n}", f"{n}."))
        assert len(ids(joiner.join(batch("a", "b"), 100))) == 6
        assert waiting(HITS) == 2

    def test_no_more_bytes_are_joined_than_a_batch_may_hold(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        rabbitmq.send(batch("b"))
        assert joiner.join(batch("a"), 600_000) is None
        assert waiting(HITS) == 1

    def test_a_marker_in_hand_is_not_joined_with_others(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        rabbitmq.send(batch("b"))
        assert joiner.join(Batch(new_batch_id()), 100) is None
        assert waiting(HITS) == 1

    def test_a_joined_marker_is_handed_on_after_the_batch(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        marker = Batch(new_batch_id())
        rabbitmq.send(marker)
        one = batch("a")
        assert joiner.join(one, 100) == one
        assert waiting(FACTS) == 0
        joiner.acknowledge()
        assert [decode_batch(text_of(message.body)) for message in take(FACTS)] == [marker]
        assert waiting(HITS) == 0

    def test_batches_put_down_count_as_delivered_for_the_first_time(
        self, rabbitmq: RabbitQueue, joiner: Joiner
    ) -> None:
        sent = [batch("b"), batch("c")]
        for one in sent:
            rabbitmq.send(one)
        joiner.join(batch("a"), 100)
        joiner.put_down()
        messages = take(HITS)
        assert [decode_batch(text_of(message.body)) for message in messages] == sent
        assert not any(message.headers.get("x-delivery-count") for message in messages)

    @pytest.mark.django_db(transaction=True)
    def test_batches_put_down_hold_back_the_sealed_instant(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        rabbitmq.send(batch("b"))
        Marker.reach(10_000)
        joiner.join(batch("a"), 100)
        joiner.put_down()
        assert Marker.reached() == RECEIVED

    @pytest.mark.django_db(transaction=True)
    def test_batches_sent_again_because_a_service_is_away_hold_back_the_sealed_instant(
        self, rabbitmq: RabbitQueue, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object) -> str:
            raise ArchiveUnavailable("away")

        monkeypatch.setattr(FolderArchive, "put", away)
        monkeypatch.setattr("tracker.queues.step.SHORTEST_WAIT", 0.01)
        monkeypatch.setattr("tracker.queues.step.PATIENCE", 0.0)
        Marker.reach(10_000)
        work(batch("a"), redelivered=True)
        assert Marker.reached() == RECEIVED
        assert [ids(decode_batch(text_of(message.body))) for message in take(HITS)] == [["a"]]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("apart", [APART_MS + 1, -APART_MS - 1])
    def test_a_batch_made_at_a_distant_time_is_sent_again_by_itself(
        self, rabbitmq: RabbitQueue, joiner: Joiner, apart: int
    ) -> None:
        in_hand, near, other = (
            Batch(batch_id(NOON + at, name), batch(name).hits) for at, name in ((0, "a"), (APART_MS, "b"), (apart, "c"))
        )
        for one in (near, other, batch("d")):
            rabbitmq.send(one)
        Marker.reach(10_000)
        assert joiner.join(in_hand, 100) == joined([in_hand, near])
        assert Marker.reached() == RECEIVED
        joiner.acknowledge()
        joiner.close()
        assert [ids(decode_batch(text_of(message.body))) for message in take(HITS)] == [["d"], ["c"]]

    def test_a_message_that_cannot_be_read_is_dead_lettered(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        with connect() as connection:
            connection.Producer().publish(b"junk", routing_key=HITS, exchange="", content_type="text/plain")
        rabbitmq.send(batch("b"))
        assert joiner.join(batch("a"), 100) is None
        assert ids(joiner.join(batch("a"), 100)) == ["a", "b"]
        assert waiting(DEAD) == 1

    def test_a_closed_connection_is_replaced(self, rabbitmq: RabbitQueue, joiner: Joiner) -> None:
        joiner.join(batch("a"), 100)
        assert joiner._connection
        joiner._connection.connection.transport.sock.close()
        rabbitmq.send(batch("b"))
        assert ids(joiner.join(batch("a"), 100)) == ["a", "b"]

    def test_a_worker_archives_joined_batches_and_hands_them_on_as_one(
        self, rabbitmq: RabbitQueue, archive: FolderArchive
    ) -> None:
        for name in ("b", "c"):
            rabbitmq.send(batch(name))
        work(batch("a"))
        (key,) = archive.list()
        assert [hit.id for hit in archive.get(key)] == ["a", "b", "c"]
        assert [ids(decode_batch(text_of(message.body))) for message in take(FACTS)] == [["a", "b", "c"]]
        assert waiting(HITS) == 0

    def test_joined_batches_that_fail_are_processed_separately(
        self, rabbitmq: RabbitQueue, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rabbitmq.send(batch("b"))
        put, tries = FolderArchive.put, []

        def away_at_first(self: FolderArchive, one: Batch) -> str:
            tries.append(one)
            if len(tries) == 1:
                raise ArchiveUnavailable("away")
            return put(self, one)

        monkeypatch.setattr(FolderArchive, "put", away_at_first)
        work(batch("a"))
        assert [ids(one) for one in tries] == [["a", "b"], ["a"]]
        assert [ids(decode_batch(text_of(message.body))) for message in take(FACTS)] == [["a"]]
        assert [ids(decode_batch(text_of(message.body))) for message in take(HITS)] == [["b"]]


def work(one: Batch, redelivered: bool = False) -> None:
    """Run the first task on a batch, as a worker's child does."""
    chain = [app.signature(step) for step in reversed(configured.HIT_CHAIN[1:])]
    request = {"id": one.id, "root_id": one.id, "chain": chain, "delivery_info": {"redelivered": redelivered}}
    outcome = build_tracer(archive_hits.name, archive_hits, app=app)(one.id, (encode_batch(one),), {}, request)
    assert outcome.info is None or outcome.info.state == IGNORED


def take(name: str) -> list[Message]:
    """Take all messages of a queue, in order."""
    with connect() as connection:
        queue, found = app.amqp.queues[name](connection.default_channel), []
        while (message := queue.get()) is not None:
            message.ack()
            found.append(message)
    return found


def waiting(name: str) -> int:
    """Return how many messages wait in a queue."""
    with connect() as connection:
        return count(connection, name)[0]
