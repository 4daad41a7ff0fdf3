"""Metrics: the endpoint /metrics for Prometheus. It shows the counts of all processes, and present numbers such as the
length of the queue.

/metrics is public. It names no site and no account, and asks each service at most once a second. To hide it, block its
path in the proxy. docs/operation.md explains each metric.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.request import Request

from tracker.health import PROBES as SERVICE_PROBES
from tracker.health import OpenView
from tracker.probe import Probe, ask_all
from tracker.queues import open_queue

#: Metric name -> its value and its description.
Numbers = dict[str, tuple[float, str]]


def read_queue() -> Numbers:
    """Read the metrics of the queue: metric name -> (number, description). Raises Transient."""
    state = open_queue().metadata()
    return {
        "hitledger_queue_batches": (state.depth, "Batches that wait for a worker."),
        "hitledger_queue_consumers": (state.consumers, "Worker processes that take batches."),
        "hitledger_queue_oldest_seconds": (state.oldest_age, "How long the oldest batch has waited, by the markers."),
        "hitledger_queue_dead": (state.dead, "Batches that could not be processed."),
    }


SOURCES: list[Callable[[], Numbers]] = [read_queue, *(import_string(source) for source in settings.GAUGES)]
PROBES = [Probe(f"source {number} of /metrics", source) for number, source in enumerate(SOURCES)]


class Gauges(Collector):
    """Collects the present numbers, such as the length of the queue. A number that can't be read is left out, because a
    monitor would believe a 0."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield whether each service answers, and the numbers of every source that answers in time."""
        probes: list[Probe[Any]] = [*PROBES, *SERVICE_PROBES]
        answers = ask_all(probes)
        up = GaugeMetricFamily("hitledger_service_up", "1 if the backing service answers.", labels=["service"])
        for probe in SERVICE_PROBES:
            up.add_metric([probe.name], float(answers[probe.name].state == "up"))
        yield up
        for source in PROBES:
            for name, (value, meaning) in (answers[source.name].value or {}).items():
                yield GaugeMetricFamily(name, meaning, value=value)


class CountSums(Collector):
    """Adds up the counts of all processes, which they write to files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        """Return the sums. Counts of processes that have ended are included."""
        sums: Iterable[Metric] = MultiProcessCollector.merge(
            [str(file) for file in self.folder.glob("*.db") if is_whole(file)]
        )
        return sums


def is_whole(file: Path) -> bool:
    """Whether a file with the counts of a process can be read. If a process is killed at its start, its file is
    empty."""
    try:
        MultiProcessCollector.merge([str(file)])
    except (OSError, ValueError, RuntimeError, struct.error):
        return False
    return True


def registry() -> CollectorRegistry:
    """Return the counts to show. If PROMETHEUS_MULTIPROC_DIR is set, they are the sums of all processes on the machine.
    Otherwise they are the counts of this process."""
    if settings.METRICS_DIR is None:
        return REGISTRY
    shared = CollectorRegistry()
    shared.register(CountSums(settings.METRICS_DIR))
    return shared


class MetricsView(OpenView):
    """/metrics, the endpoint that Prometheus reads."""

    @extend_schema(summary="Counts and levels for Prometheus", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request) -> HttpResponse:
        """Return all metrics as text. The answer takes about two seconds at most."""
        levels = CollectorRegistry()
        levels.register(Gauges())
        body = generate_latest(registry()) + generate_latest(levels)
        return HttpResponse(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)
