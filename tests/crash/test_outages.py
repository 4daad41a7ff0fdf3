"""S3 or Cassandra is away while hits come in: they are accepted, waited out, processed; none is lost or rejected."""

import time
from collections.abc import Iterator

import pytest

from tests.crash.run import Run
from tests.crash.senders import Senders
from tests.crash.services import OwnServices
from tests.running import Tracker

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture
def run(own_services: OwnServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A tracker of its own."""
    with Tracker(tmp_path_factory.mktemp("outage"), own_services.make_room()) as tracker:
        run = Run(tracker, seed=1, services=own_services)
        run.prepare()
        yield run


@pytest.mark.parametrize("name", ["s3", "cassandra"])
def test_hits_are_taken_and_processed_though_a_service_was_away(run: Run, own_services: OwnServices, name: str) -> None:
    senders = Senders(run.tracker.url, run.make_requests(600), run.figures.seed, seconds=4)
    own_services.kill(name)
    try:
        senders.start()
        senders.join()
        assert set(senders.answers) == {"200"}, "collection doesn't need that service"
        time.sleep(5)  # each worker has tried more than once
    finally:
        own_services.start(name)
    run.drain()
    run.check(senders)
