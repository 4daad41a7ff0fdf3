"""Prometheus: the counters of this process for requests, hits and batches. `tracker.metrics` shows them."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import Counter as Count
from prometheus_client import Histogram

from tracker.collection.collect import NoHit
from tracker.collection.refusal import Refusal

ACCEPTED = Count("hitledger_hits_accepted", "Hits that the queue stored: they are durable.")
REJECTED = Count("hitledger_hits_rejected", "Hits that were refused, by code.", ["code"])
REFUSED = Count("hitledger_requests_refused", "Requests of which no hit was accepted, by code.", ["code"])
BATCHES = Count(
    "hitledger_batches", "Batches that were sent to the queue. `failed` ones were answered 503.", ["outcome"]
)
for outcome in ("sent", "failed"):
    BATCHES.labels(outcome)  # The count is 0 from the start. Monitors then see the first failure as a rise.
COMMIT_SECONDS = Histogram(
    "hitledger_commit_seconds",
    "Seconds from the end of a batch to the queue's confirm. Embedded: until the batch is processed.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

MERGED = Count("hitledger_objects_merged", "Objects of the archive that were merged to larger ones.")


def count_merged(objects: int) -> None:
    """Count archived objects that were merged into larger ones. `objects`: their number."""
    MERGED.inc(objects)


def count_refused(refusal: Refusal) -> None:
    """Count a request of which no hit was accepted. If the refusal lists its hits, count these too, by code."""
    REFUSED.labels(refusal.code).inc()
    if isinstance(refusal, NoHit):
        count_rejected(refusal.rejected.values())


def count_rejected(rejected: Iterable[Refusal]) -> None:
    """Count refused hits by code. If there are none, nothing is written: each count would be a write to a file."""
    for code, hits in Counter(refusal.code for refusal in rejected).items():
        REJECTED.labels(code).inc(hits)


def count_batch(hits: int, seconds: float | None) -> None:
    """Count a batch, and its hits if they were stored. `seconds`: how long the queue took to store it; None if that
    failed."""
    BATCHES.labels("failed" if seconds is None else "sent").inc()
    if seconds is not None:
        ACCEPTED.inc(hits)
        COMMIT_SECONDS.observe(seconds)
