"""A burst: many clients send at once -> the answer that each got, and after how long."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests

from tests.crash.plan import Request, identity, parameters
from tests.running import Tracker

#: Longer than any answer may take. If a client waits this long, a thread hangs.
LIMIT_SECONDS = 30.0


class Answer(NamedTuple):
    """What one client saw. `hits` are the identities of the hits that it sent."""

    status: int
    seconds: float
    retry_after: str
    hits: frozenset[bytes]


def ask(url: str, request: Request) -> Answer:
    """Sends a request once. Raises RequestException if there is no answer."""
    began = time.monotonic()
    answer = requests.post(f"{url}/collect", json=[parameters(hit) for hit in request], timeout=LIMIT_SECONDS)
    seconds = time.monotonic() - began
    hits = frozenset(identity(hit) for hit in request)
    return Answer(answer.status_code, seconds, answer.headers.get("Retry-After", ""), hits)


def burst(url: str, requests: Sequence[Request]) -> list[Answer]:
    """Sends all requests at once."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: ask(url, request), requests))


def wait_until_accepted(url: str, request: Request, seconds: float) -> float:
    """Sends a request until it is accepted. Returns after how many seconds. Raises AssertionError if it never is."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if ask(url, request).status == 200:
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError(f"no hit was accepted within {seconds:.0f} s")


def thread_count(tracker: Tracker) -> int:
    """The number of threads of the web process and its workers."""
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in tracker.pids("web"))
