"""Burst: sends requests of many clients at once, and returns what each client is answered, and after how many
seconds."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests

from tests.crash.plan import Request, identity, parameters
from tests.running import Tracker

#: The longest that a client waits. No answer may take this long; if one does, a thread hangs.
LIMIT_SECONDS = 30.0


class Answer(NamedTuple):
    """What one client was answered. `hits` identifies the hits that it sent."""

    status: int
    seconds: float
    retry_after: str
    hits: frozenset[bytes]


def ask(url: str, request: Request) -> Answer:
    """Send a request once. Raises RequestException if there is no answer."""
    began = time.monotonic()
    answer = requests.post(f"{url}/collect", json=[parameters(hit) for hit in request], timeout=LIMIT_SECONDS)
    seconds = time.monotonic() - began
    hits = frozenset(identity(hit) for hit in request)
    return Answer(answer.status_code, seconds, answer.headers.get("Retry-After", ""), hits)


def burst(url: str, requests: Sequence[Request]) -> list[Answer]:
    """Send all requests at once; return their answers."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: ask(url, request), requests))


def wait_until_accepted(url: str, request: Request, seconds: float) -> float:
    """Send a request again and again until it is accepted; return after how many seconds. Raises AssertionError if that
    takes too long."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if ask(url, request).status == 200:
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError(f"no hit was accepted within {seconds:.0f} s")


def thread_count(tracker: Tracker) -> int:
    """Return the number of threads of the web process and its children."""
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in tracker.pids("web"))
