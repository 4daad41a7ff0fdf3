"""Measure: one subject's turn -> figures. First load with the worker stopped, then the drain, then both at once."""

import time
from dataclasses import asdict
from typing import Any

from bench.load import post_hits
from bench.subject import Subject, Way

LOAD_SECONDS = 4
ARRAY = 100
#: Shorter, because arrays bring many hits in little time.
ARRAY_SECONDS = 1
#: A drain that takes longer is cut off; the hits processed by then count.
DRAIN_SECONDS = 45.0
POLL_SECONDS = 0.05

Figures = dict[str, Any]


def measure_services(subject: Subject, way: Way) -> Figures:
    """One turn on the services. The baseline takes no arrays, so they are measured for the tracker alone."""
    figures = {"alone": accept(subject, 1), "drain": drain(subject, way)}
    figures["busy"] = accept_and_drain(subject, way, 1)
    if not subject.baseline:
        figures["arrays"] = accept_and_drain(subject, way, ARRAY)
    figures["worker_peak_mib"] = subject.peak_mib("worker")
    figures["web_peak_mib"] = subject.peak_mib("web")
    subject.stop_one("worker")
    return figures


def measure_embedded(subject: Subject) -> Figures:
    """One turn without services. There an accepted hit is already processed."""
    figures: Figures = {"alone": accept(subject, 1), "arrays": accept(subject, ARRAY)}
    figures["web_peak_mib"] = subject.peak_mib("web")
    return figures


def accept(subject: Subject, many: int) -> Figures:
    """Sends load. Returns what the web process accepted, and its CPU per hit."""
    cpu = subject.cpu("web")
    load = post_hits(subject.url, subject.site, many, LOAD_SECONDS if many == 1 else ARRAY_SECONDS)
    return {**asdict(load), "rate": load.rate, "web_us": micros_per_hit(subject.cpu("web") - cpu, load.hits)}


def drain(subject: Subject, way: Way) -> Figures:
    """Starts the worker on a full queue. Returns hits a second from its start until the last hit is counted."""
    before, wanted = way.counted(), way.waiting()
    subject.start("worker")
    while not way.has_workers():
        time.sleep(POLL_SECONDS)
    began, cpu = time.monotonic(), subject.cpu("worker")
    assert wanted, "nothing waits for the worker"
    return rate(subject, way, before, began, cpu)


def accept_and_drain(subject: Subject, way: Way, many: int) -> Figures:
    """Sends load while the worker runs. Adds hits a second from the first request until all are counted."""
    before, began, cpu = way.counted(), time.monotonic(), subject.cpu("worker")
    accepted = accept(subject, many)
    return {**accepted, "end_to_end": rate(subject, way, before, began, cpu)}


def rate(subject: Subject, way: Way, before: int, began: float, cpu: float) -> Figures:
    """Waits until all is counted, or for DRAIN_SECONDS. Returns the hits a second since `began`."""
    counted, changed = before, began
    while (now := time.monotonic()) < began + DRAIN_SECONDS:
        if (count := way.counted()) != counted:
            counted, changed = count, now
        elif now > changed + 1.5 and not way.waiting():
            break
        time.sleep(POLL_SECONDS)
    hits, seconds = counted - before, changed - began
    if not hits:
        raise RuntimeError(f"{subject.name}: the worker counted nothing; its log ends:\n{subject.tail('worker')}")
    spent = subject.cpu("worker") - cpu
    return {"hits": hits, "seconds": seconds, "rate": hits / seconds, "worker_us": micros_per_hit(spent, hits)}


def micros_per_hit(seconds: float, hits: int) -> float:
    """CPU microseconds per hit."""
    return 1e6 * seconds / max(hits, 1)
