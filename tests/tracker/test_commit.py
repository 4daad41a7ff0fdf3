"""Group commit: which requests share a batch, how long they wait, and what they are answered."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from tracker.collection.failure import Transient
from tracker.collection.hit import BATCH_MAX_BYTES, Batch, Hit, encoded_size
from tracker.commit import Committer, _committer_of, fits, send_hits, split_hits
from tracker.queues import QueueUnavailable
from tracker.queues.inline import InlineQueue

names = (f"{n:013d}-x" for n in count())


class HeldQueue(InlineQueue):
    """A queue that records batches, confirms them once `open` is set, and may be away."""

    def __init__(self, is_open: bool = True) -> None:
        self.batches: list[Batch] = []
        self.open = Event()
        self.away: BaseException | None = None
        if is_open:
            self.open.set()

    def send(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.open.wait(10)
        if self.away:
            raise self.away


def hit(name: str, **more: str) -> Hit:
    return Hit(id=name, site="s", type="page", at=1, received=1, visitor="v", **more)


def committer(queue: HeldQueue, max_hits: int = 500, linger: float = 0.0) -> Committer:
    return Committer(queue, max_hits, linger, new_id=lambda: next(names))


def ids(batch: Batch) -> list[str]:
    return [one.id for one in batch.hits]


def send_all(door: Committer, hits: Sequence[Hit]) -> None:
    """Send one request for each hit, all at once."""
    with ThreadPoolExecutor(len(hits)) as pool:
        list(pool.map(lambda one: door.send([one]), hits))


def wait_for(condition: object, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.002)


def test_a_request_alone_is_sent_at_once() -> None:
    queue = HeldQueue()
    began = time.monotonic()
    committer(queue, linger=5.0).send([hit("a"), hit("b")])
    assert time.monotonic() - began < 1
    assert [ids(batch) for batch in queue.batches] == [["a", "b"]]


def test_requests_that_come_while_a_batch_is_on_its_way_share_the_next_one() -> None:
    queue = HeldQueue(is_open=False)
    door = committer(queue)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(door.send, [hit("first")])
        wait_for(lambda: queue.batches)
        others = [pool.submit(door.send, [hit(f"h{n}")]) for n in range(8)]
        wait_for(lambda: len(door._waiting) == 8)
        queue.open.set()
        for done in (first, *others):
            done.result(5)
    assert [len(batch.hits) for batch in queue.batches] == [1, 8]


def test_no_request_is_answered_before_its_batch_is_durable() -> None:
    queue = HeldQueue(is_open=False)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(committer(queue).send, [hit("a")])
        wait_for(lambda: queue.batches)
        time.sleep(0.05)
        assert not answer.done()
        queue.open.set()
        assert answer.result(5) is None


def test_every_request_of_a_failed_batch_fails_and_the_next_batch_succeeds() -> None:
    queue = HeldQueue()
    queue.away = QueueUnavailable("no broker")
    door = committer(queue)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(door.send, [hit(f"h{n}")]) for n in range(4)]
        assert all(isinstance(answer.exception(5), Transient) for answer in answers)
    queue.away = None
    door.send([hit("later")])
    assert ids(queue.batches[-1]) == ["later"]


@pytest.mark.parametrize("error", [KeyError("a bug"), SystemExit("the end")])
def test_any_other_error_reaches_the_request_at_once(error: BaseException) -> None:
    queue = HeldQueue()
    queue.away = error
    began = time.monotonic()
    with pytest.raises(type(error), match=str(error)):
        committer(queue).send([hit("a")])
    assert time.monotonic() - began < 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_replaced() -> None:
    queue = HeldQueue()
    door = committer(queue)
    door.send([hit("a")])
    taken, door._take = door._take, lambda: sys.exit()  # type: ignore[method-assign]
    door.send([hit("b")])
    assert door._daemon._thread
    door._daemon._thread.join(5)
    assert not door._daemon._thread.is_alive()
    door._take = taken  # type: ignore[method-assign]
    door.send([hit("c")])
    assert [ids(batch) for batch in queue.batches] == [["a"], ["b"], ["c"]]


def test_a_forked_process_has_its_own_committer(inline: None, transactional_db: None) -> None:
    send_hits([hit("before")])
    child = os.fork()
    if not child:
        try:
            send_hits([hit("in the fork")], 2)
        finally:
            os._exit(_committer_of.cache_info().currsize)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


def test_with_a_slow_queue_a_request_fails_after_the_longest_wait() -> None:
    queue = HeldQueue(is_open=False)
    door = committer(queue)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(door.send, [hit(f"h{n}")], 0.2) for n in range(8)]
        assert all(isinstance(answer.exception(5), Transient) for answer in answers)
    assert time.monotonic() - began < 2
    queue.open.set()


def test_hits_of_requests_that_gave_up_are_not_sent() -> None:
    queue = HeldQueue(is_open=False)
    door = committer(queue)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(door.send, [hit("first")], 5)
        wait_for(lambda: queue.batches)
        assert isinstance(pool.submit(door.send, [hit("gone")], 0.05).exception(5), Transient)
        queue.open.set()
        first.result(5)
    door.send([hit("later")])
    assert [ids(batch) for batch in queue.batches] == [["first"], ["later"]]


def test_no_batch_exceeds_its_number_of_hits() -> None:
    queue = HeldQueue()
    committer(queue, max_hits=4).send([hit(f"h{n}") for n in range(10)])
    assert [one for batch in queue.batches for one in ids(batch)] == [f"h{n}" for n in range(10)]
    assert max(len(batch.hits) for batch in queue.batches) == 4


def test_no_batch_exceeds_its_bytes() -> None:
    queue = HeldQueue()
    committer(queue).send([hit(f"h{n}", url="x" * 60_000) for n in range(40)])
    assert sum(len(batch.hits) for batch in queue.batches) == 40
    assert max(sum(encoded_size(one) for one in batch.hits) for batch in queue.batches) <= BATCH_MAX_BYTES


def test_waiting_hits_are_bounded() -> None:
    queue = HeldQueue(is_open=False)
    door = committer(queue)
    large = [hit(f"h{n}", url="x" * 60_000) for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(door.send, large, 2) for _ in range(8)]
        assert all(isinstance(answer.exception(10), Transient) for answer in answers)
        assert any("too many" in str(answer.exception()) for answer in answers)
    queue.open.set()


def test_under_load_a_batch_waits_for_as_many_hits_as_the_previous_one_had() -> None:
    queue = HeldQueue(is_open=False)
    door = committer(queue, linger=0.5)
    with ThreadPoolExecutor(12) as pool:
        pool.submit(door.send, [hit("first")])
        wait_for(lambda: queue.batches)
        pool.map(lambda n: door.send([hit(f"a{n}")]), range(4))
        wait_for(lambda: len(door._waiting) == 4)
        queue.open.set()
        wait_for(lambda: len(queue.batches) == 2)
        for n in range(4):
            pool.submit(door.send, [hit(f"b{n}")])
            time.sleep(0.01)
    assert [len(batch.hits) for batch in queue.batches] == [1, 4, 4]


def test_hits_of_many_requests_all_arrive_once() -> None:
    queue = HeldQueue()
    send_all(committer(queue, max_hits=7, linger=0.001), [hit(f"h{n}") for n in range(64)])
    assert sorted(one for batch in queue.batches for one in ids(batch)) == sorted(f"h{n}" for n in range(64))


@pytest.mark.parametrize("sizes", [[10], [60_000] * 20, [10] * 1200])
def test_a_split_keeps_every_hit_in_order_in_parts_that_fit(sizes: list[int]) -> None:
    hits = [hit(f"h{n}", title="x" * size) for n, size in enumerate(sizes)]
    parts = split_hits(hits, 500)
    assert [one for part in parts for one in part.hits] == hits
    assert all(len(part.hits) <= 500 and part.size <= BATCH_MAX_BYTES for part in parts)
    assert all(part.size == sum(map(encoded_size, part.hits)) for part in parts)


def test_a_part_always_fits_an_empty_batch() -> None:
    (part,) = split_hits([hit("a")], 500)
    assert fits(part, 0, 0, 500)
    assert not fits(part, 500, 0, 500)
    assert not fits(part, 1, BATCH_MAX_BYTES, 500)
