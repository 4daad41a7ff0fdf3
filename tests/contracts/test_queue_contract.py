"""The contract of queues, for each adapter: RabbitMQ, and the inline queue."""

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from conversions.models import Marker
from tracker.archive import open_archive
from tracker.celery import HITS, app
from tracker.collection.hit import Batch, Hit
from tracker.queues import HitQueue, new_batch_id
from tracker.queues.inline import InlineQueue
from tracker.queues.rabbit import RabbitQueue, TakenMessage

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["inline", pytest.param("rabbitmq", marks=pytest.mark.services)])
def queue(request: pytest.FixtureRequest) -> HitQueue:
    """Each adapter in turn."""
    if request.param == "inline":
        return InlineQueue()
    rabbit: HitQueue = request.getfixturevalue("rabbitmq")
    return rabbit


def batch(*ids: str) -> Batch:
    """Return a batch of page hits."""
    hits = [Hit(id=one, site="s", type="page", at=1, received=1, visitor="v", title="né \U0001f600") for one in ids]
    return Batch(new_batch_id(), tuple(hits))


def drain(queue: HitQueue) -> None:
    """Process all waiting batches as a worker does."""
    while taken := queue.get_next():
        InlineQueue().send(taken.batch)
        taken.acknowledge()


def archived(sent: Batch) -> list[Hit]:
    """Return the archived hits of a batch."""
    key = next(key for key in open_archive().list(sent.made_at) if sent.id in key)
    return open_archive().get(key)


def test_sent_batches_are_archived_whole(queue: HitQueue) -> None:
    sent = [batch("a"), batch("b", "c")]
    for one in sent:
        queue.send(one)
    drain(queue)
    assert [archived(one) for one in sent] == [list(one.hits) for one in sent]


def test_a_batch_of_the_maximum_size_is_archived(queue: HitQueue) -> None:
    sent = batch(*(f"h{n}" for n in range(500)))
    queue.send(sent)
    drain(queue)
    assert len(archived(sent)) == 500


def test_a_batch_sent_twice_is_archived_once(queue: HitQueue) -> None:
    sent = batch("a")
    queue.send(sent)
    queue.send(sent)
    drain(queue)
    assert archived(sent) == list(sent.hits)


def test_an_empty_batch_shows_how_far_the_queue_has_come(queue: HitQueue) -> None:
    marker = Batch(new_batch_id())
    queue.send(marker)
    drain(queue)
    assert Marker.reached() == marker.made_at


def test_nothing_waits_in_a_drained_queue(queue: HitQueue) -> None:
    queue.send(batch("a"))
    drain(queue)
    assert queue.get_next() is None
    state = queue.metadata()
    assert (state.depth, state.oldest_age) == (0, 0.0)
    assert queue.is_idle()


def test_preparing_again_and_checking_change_nothing(queue: HitQueue) -> None:
    queue.prepare()
    queue.check()


@pytest.mark.services
class TestWhatWaits:
    """Batches that wait in RabbitMQ. In the inline queue no batch ever waits."""

    @pytest.fixture
    def queue(self, rabbitmq: RabbitQueue) -> HitQueue:
        """RabbitMQ, empty."""
        return rabbitmq

    def test_waiting_batches_are_counted_and_the_queue_is_not_idle(self, queue: HitQueue) -> None:
        Marker.reach(1)
        queue.send(batch("a"))
        queue.send(batch("b"))
        state = queue.metadata()
        assert (state.depth, state.consumers) == (2, 0)
        assert state.oldest_age > 1000
        assert not queue.is_idle()

    def test_batches_arrive_in_the_order_of_sending(self, queue: HitQueue) -> None:
        sent = [batch(f"h{n}") for n in range(5)]
        for one in sent:
            queue.send(one)
        taken = [queue.get_next() for _ in sent]
        assert [one.batch for one in taken if one] == sent
        for one in taken:
            assert one
            one.acknowledge()

    def test_a_batch_that_is_given_back_is_next_again(self, queue: HitQueue) -> None:
        sent = batch("a")
        queue.send(sent)
        queue.send(batch("b"))
        taken = queue.get_next()
        assert taken
        taken.give_back()
        again = queue.get_next()
        assert again
        assert again.batch == sent
        again.acknowledge()

    def test_a_batch_is_not_lost_if_its_worker_dies(self, queue: HitQueue) -> None:
        sent = batch("a")
        queue.send(sent)
        taken = queue.get_next()
        assert isinstance(taken, TakenMessage)
        taken.connection.collect()
        again = queue.get_next()
        assert again
        assert again.batch == sent
        again.acknowledge()

    def test_a_message_names_every_remaining_step_of_the_chain(self, queue: HitQueue) -> None:
        queue.send(batch("a"))
        with app.connection_for_write() as connection:
            message = app.amqp.queues[HITS](connection.default_channel).get()
            _, _, embedded = message.decode()
            message.ack()
        assert [step["task"] for step in embedded["chain"]] == list(settings.HIT_CHAIN[:0:-1])
        assert message.properties["delivery_mode"] == 2
        assert all(import_string(step) for step in settings.HIT_CHAIN)
