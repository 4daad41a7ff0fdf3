"""Step: a task waits while a service is away, and fails at once for any other error."""

from errno import EMFILE
from itertools import count

import pytest
from celery.exceptions import Ignore
from django.db import InternalError, OperationalError, ProgrammingError

from tracker.celery import app
from tracker.collection.failure import Transient
from tracker.collection.hit import Batch, encode_batch
from tracker.queues.step import LONGEST_WAIT, NOTE_PATIENCE, PATIENCE, retry_while_away
from tracker.tasks import archive_hits, send_marker


class Clock:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


class Flaky:
    """Work that fails with these errors first, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def run(work: object, clock: Clock, give_up: object = None) -> object:
    return retry_while_away(work, "a step", give_up, clock.now, clock.sleep)  # type: ignore[arg-type]


def test_a_service_that_is_away_is_waited_out() -> None:
    work = Flaky(Transient("s3"), OperationalError("database"), Transient("cassandra"))
    assert run(work, Clock()) == "done"
    assert work.tries == 4


@pytest.mark.parametrize(
    "error",
    [
        ProgrammingError('relation "conversions_marker" does not exist'),
        InternalError("current transaction is aborted"),
        MemoryError(),
        OSError(EMFILE, "Too many open files"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_missing_tables_and_a_lack_of_resources_are_waited_out(error: Exception) -> None:
    assert run(Flaky(error), Clock()) == "done"


def test_waits_grow_up_to_a_bound() -> None:
    clock = Clock()
    run(Flaky(*[Transient("s3")] * 20), clock)
    assert clock.waits[0] < 1
    assert LONGEST_WAIT / 2 < clock.waits[-1] < LONGEST_WAIT * 1.5


def test_what_beat_sends_is_bounded_like_other_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, object] = {}

    class Bounded:
        def publish(self, _send: object, _args: object, _kwargs: object, **options: object) -> None:
            sent.update(options)

    monkeypatch.setattr("tracker.queues.step.open_publisher", Bounded)
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    send_marker.apply_async(producer=object(), expires=50)
    assert sent == {"expires": 50, "argsrepr": "(...)"}


def test_another_error_is_the_batchs_fault_and_is_not_retried() -> None:
    work = Flaky(ValueError("poison"))
    with pytest.raises(ValueError, match="poison"):
        run(work, Clock())
    assert work.tries == 1


def test_after_its_patience_a_task_sends_the_batch_again() -> None:
    clock = Clock()
    tries = count()

    def work() -> None:
        next(tries)
        raise Transient("s3")

    def send_again(_waited: float) -> None:
        raise Ignore

    with pytest.raises(Ignore):
        run(work, clock, send_again)
    assert PATIENCE < clock.now() < PATIENCE + 2 * LONGEST_WAIT


def test_a_batch_that_cannot_be_sent_again_stays_in_hand() -> None:
    clock = Clock()
    failures = [Transient("s3")] * 60
    again = Flaky(OperationalError("database"), OperationalError("database"), Ignore())
    with pytest.raises(Ignore):
        run(Flaky(*failures), clock, lambda _waited: again())
    assert again.tries == 3
    again = Flaky(*[OperationalError("database")] * 60)
    assert run(Flaky(*failures), Clock(), lambda _waited: again()) == "done"


def test_a_batch_that_cannot_be_noted_is_sent_again_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A batch in hand for a day would be dead-lettered by the broker.
    sent: list[object] = []
    monkeypatch.setattr("tracker.queues.step.note_put_back", lambda _batches: Flaky(OperationalError("database"))())
    monkeypatch.setattr(archive_hits, "apply_async", lambda args, *_, **__: sent.append(args))
    archive_hits.push_request(args=[encode_batch(Batch("b"))], kwargs={}, id="1", root_id="1")
    try:
        with pytest.raises(OperationalError):
            archive_hits.send_again(PATIENCE + 1)
        assert not sent
        with pytest.raises(Ignore):
            archive_hits.send_again(PATIENCE + NOTE_PATIENCE)
    finally:
        archive_hits.pop_request()
    assert len(sent) == 1
