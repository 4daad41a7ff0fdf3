"""The broker is away, stalled, blocked or slow: hits get a 503 within 5 s, no thread hangs, the tracker recovers."""

import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.crash.burst import Answer, burst, thread_count, wait_until_accepted
from tests.crash.faults import Outage
from tests.crash.plan import Request
from tests.crash.run import Run
from tests.crash.services import OwnServices
from tests.running import Tracker

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

CLIENTS = 24
#: The contract's 5 s, plus what two busy cores may add.
WITHIN_SECONDS = 5.5
RECOVERY_SECONDS = 30.0
#: The 32 threads that answer requests, plus those of the server, the committer and the look-ups.
MOST_THREADS = 32 + 16
WATERMARK = "0.4"


@pytest.fixture(scope="module")
def run(own_services: OwnServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A tracker for all tests of this file. Its processes must be the same at the end."""
    with Tracker(tmp_path_factory.mktemp("broker"), own_services.make_room()) as tracker:
        run = Run(tracker, seed=1, services=own_services)
        run.prepare()
        assert {answer.status for answer in burst(tracker.url, some_requests(run))} == {200}
        yield run


def some_requests(run: Run, count: int = CLIENTS) -> list[Request]:
    """Return requests with one new hit each."""
    return [(hit,) for request in run.make_requests(count) for hit in request]


def refuse_and_recover(run: Run, fail: Callable[[], object], mend: Callable[[], object]) -> None:
    """Send two bursts while the broker fails. Then check that everything works again without a restart."""
    pids = run.tracker.pids("web")
    fail()
    try:
        answers = [answer for _ in range(2) for answer in burst(run.tracker.url, some_requests(run))]
        assert queue_state(run) in ("down", "slow")
    finally:
        mend()
    assert {answer.status for answer in answers} == {503}
    assert all(int(answer.retry_after) > 0 for answer in answers)
    assert max(answer.seconds for answer in answers) <= WITHIN_SECONDS
    wait_until_accepted(run.tracker.url, some_requests(run, 1)[0], RECOVERY_SECONDS)
    # As many clients as there are threads. If one thread hung, a client would get no answer.
    after = burst(run.tracker.url, some_requests(run, 32))
    assert {answer.status for answer in after} == {200}
    assert run.tracker.pids("web") == pids
    assert thread_count(run.tracker) <= MOST_THREADS
    assert_archived(run, after)


def queue_state(run: Run) -> str:
    """Return the state of the queue in /readyz."""
    answer = requests.get(f"{run.tracker.url}/readyz", timeout=10)
    return str(answer.json()["services"]["queue"]["state"])


def assert_archived(run: Run, answers: list[Answer]) -> None:
    """Check that all accepted hits are archived, without a restart of the worker."""
    run.drain()
    archived = {hit.encode() for hit in run.inside("check")["hits"]}
    assert {hit for answer in answers if answer.status == 200 for hit in answer.hits} <= archived


def test_hits_are_refused_while_the_broker_is_away(run: Run, own_services: OwnServices) -> None:
    refuse_and_recover(run, lambda: own_services.kill("rabbitmq"), lambda: own_services.start("rabbitmq"))


def test_hits_are_refused_while_the_broker_stalls(run: Run, own_services: OwnServices) -> None:
    refuse_and_recover(
        run, lambda: own_services.tell("pause", "rabbitmq"), lambda: own_services.tell("resume", "rabbitmq")
    )


def test_hits_are_refused_while_the_broker_blocks_its_publishers(run: Run, own_services: OwnServices) -> None:
    def set_watermark(share: str) -> None:
        own_services.tell("broker", "set_vm_memory_high_watermark", share)
        time.sleep(1)  # time for the alarm to reach the connections

    refuse_and_recover(run, lambda: set_watermark("0.000001"), lambda: set_watermark(WATERMARK))


def test_hits_are_accepted_late_while_the_broker_is_slow(run: Run, own_services: OwnServices) -> None:
    answers: list[Answer] = []
    for _ in range(3):
        own_services.tell("pause", "rabbitmq")
        try:
            answers += stalled_burst(run, own_services, stalled_for=1.0)
        finally:
            own_services.tell("resume", "rabbitmq")
    assert {answer.status for answer in answers} == {200}
    assert 0.5 < max(answer.seconds for answer in answers) <= WITHIN_SECONDS
    assert_archived(run, answers)


def stalled_burst(run: Run, services: OwnServices, stalled_for: float) -> list[Answer]:
    """Send a burst that begins while the broker is stalled, and ends when the broker works again."""
    outage = Outage(stalled_for, lambda: services.tell("resume", "rabbitmq"))
    answers = burst(run.tracker.url, some_requests(run))
    outage.join()
    return answers
