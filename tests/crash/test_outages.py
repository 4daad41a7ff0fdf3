"""S3 or Cassandra is away while hits come in. Hits are accepted and processed later; none is lost or rejected."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.run import Run
from tests.crash.senders import Senders
from tests.crash.services import OwnServices
from tests.running import Tracker

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def run(own_services: OwnServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A tracker that goes through one outage after the other. Each check covers all hits that were sent until then."""
    with Tracker(tmp_path_factory.mktemp("outage"), own_services.make_room()) as tracker:
        run = Run(tracker, seed=1, services=own_services)
        run.prepare()
        yield run


@pytest.mark.parametrize("name", ["s3", "cassandra"])
def test_hits_are_accepted_and_later_processed_while_a_service_is_away(
    run: Run, own_services: OwnServices, name: str
) -> None:
    senders = Senders(run.tracker.url, run.make_requests(600), run.figures.seed, seconds=4)
    own_services.kill(name)
    try:
        senders.start()
        senders.join()
        assert set(senders.answers) == {"200"}, "collection doesn't need that service"
        time.sleep(5)  # time for each worker to try more than once
    finally:
        own_services.start(name)
    run.drain()
    run.check(senders)


IMPATIENT_SECONDS = 18


@pytest.fixture
def impatient_broker(own_services: OwnServices) -> Iterator[None]:
    """A broker that takes batches back after a hundredth of its usual half hour, and checks each second."""
    set_timeout(own_services, IMPATIENT_SECONDS, look=1)
    yield
    set_timeout(own_services, 1800, look=60)


def set_timeout(services: OwnServices, seconds: int, look: int) -> None:
    timeout, tick = (
        f"application:set_env(rabbit, {name}, {value * 1000})"
        for name, value in (("consumer_timeout", seconds), ("channel_tick_interval", look))
    )
    services.tell("broker", "eval", f"{timeout}, {tick}.")


def test_the_broker_takes_no_batch_back_in_a_long_outage_with_many_in_hand(
    impatient_broker: None, own_services: OwnServices, tmp_path: Path
) -> None:
    env = {**own_services.make_room(), "HIT_QOS": "20", "HIT_BATCH_MAX": "1", "WORKER_CONCURRENCY": "2"}
    with Tracker(tmp_path, env) as tracker:
        tracker.commands["worker"] = tracker.commands["worker"].replace("tracker.celery", "tests.quick_worker")
        run = Run(tracker, seed=1, services=own_services)
        run.prepare()
        said = own_services.log("rabbitmq")
        own_services.kill("cassandra")
        try:
            senders = Senders(tracker.url, run.make_requests(100), run.figures.seed, seconds=2)
            senders.start()
            senders.join()
            time.sleep(IMPATIENT_SECONDS + 7)
        finally:
            own_services.start("cassandra")
        run.drain()
        run.check(senders)
        assert "timed out" not in own_services.log("rabbitmq").removeprefix(said)
