"""Measures one turn of the tracker or the baseline: load while the worker is stopped, then the emptying of the queue,
then both at once."""

import time
from dataclasses import asdict
from typing import Any

from bench.load import post_hits
from bench.subject import Progress, Subject

LOAD_SECONDS = 4
ARRAY = 100
#: Shorter, because arrays bring many hits in a short time.
ARRAY_SECONDS = 1
#: The most seconds that the emptying of the queue is measured.
DRAIN_SECONDS = 45.0
POLL_SECONDS = 0.05

Figures = dict[str, Any]


def measure_services(subject: Subject, progress: Progress) -> Figures:
    """Measure one turn on the services. Arrays of hits are sent only to the tracker, because the baseline doesn't take
    them."""
    figures = {"alone": accept(subject, 1), "drain": drain(subject, progress)}
    figures["busy"] = accept_and_drain(subject, progress, 1)
    if not subject.baseline:
        figures["arrays"] = accept_and_drain(subject, progress, ARRAY)
    figures["worker_peak_mib"] = subject.peak_mib("worker")
    figures["web_peak_mib"] = subject.peak_mib("web")
    subject.stop_one("worker")
    return figures


def measure_embedded(subject: Subject) -> Figures:
    """Measure one turn of the embedded tracker, where an accepted hit is already processed."""
    figures: Figures = {"alone": accept(subject, 1), "arrays": accept(subject, ARRAY)}
    figures["web_peak_mib"] = subject.peak_mib("web")
    return figures


def accept(subject: Subject, many: int) -> Figures:
    """Send load; return how many hits the web process accepted, how fast, and its CPU time per hit."""
    cpu = subject.cpu("web")
    load = post_hits(subject.url, subject.site, many, LOAD_SECONDS if many == 1 else ARRAY_SECONDS)
    return {**asdict(load), "rate": load.rate, "web_us": micros_per_hit(subject.cpu("web") - cpu, load.hits)}


def drain(subject: Subject, progress: Progress) -> Figures:
    """Start the worker on a full queue; return the hits a second until the last one is counted."""
    before, wanted = progress.counted(), progress.waiting()
    subject.start("worker")
    while not progress.has_workers():
        time.sleep(POLL_SECONDS)
    began, cpu = time.monotonic(), subject.cpu("worker")
    assert wanted, "nothing waits for the worker"
    return rate(subject, progress, before, began, cpu)


def accept_and_drain(subject: Subject, progress: Progress, many: int) -> Figures:
    """Send load while the worker runs. Return the figures of `accept`, and the hits a second from the first request
    until all hits are counted."""
    before, began, cpu = progress.counted(), time.monotonic(), subject.cpu("worker")
    accepted = accept(subject, many)
    return {**accepted, "end_to_end": rate(subject, progress, before, began, cpu)}


def rate(subject: Subject, progress: Progress, before: int, began: float, cpu: float) -> Figures:
    """Wait until all hits are counted, at most DRAIN_SECONDS; return the hits a second since `began`."""
    counted, changed = before, began
    while (now := time.monotonic()) < began + DRAIN_SECONDS:
        if (count := progress.counted()) != counted:
            counted, changed = count, now
        elif now > changed + 1.5 and not progress.waiting():
            break
        time.sleep(POLL_SECONDS)
    hits, seconds = counted - before, changed - began
    if not hits:
        raise RuntimeError(f"{subject.name}: the worker counted nothing; its log ends:\n{subject.tail('worker')}")
    spent = subject.cpu("worker") - cpu
    return {"hits": hits, "seconds": seconds, "rate": hits / seconds, "worker_us": micros_per_hit(spent, hits)}


def micros_per_hit(seconds: float, hits: int) -> float:
    """Convert CPU seconds of several hits to microseconds per hit."""
    return 1e6 * seconds / max(hits, 1)
