"""Run: sends odd requests to a running tracker, and lists the faults in its answers, its archive and its log."""

import http.client
import json
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.addresses import addresses, look_at
from tests.fuzz.request import Fuzzed, Maker
from tests.running import Tracker
from tracker.archive import FolderArchive

#: The longest answer that the contract allows: 5 s.
SLOWEST_SECONDS = 5.0
CLIENTS = 8
HERE = "127.0.0.0/8"
#: The settings of the site that let strangers send adjustments, and this machine postbacks.
OPEN = (
    "from tracker.models import Site;"
    f"assert Site.objects.update(open_adjustments=True, postback_networks=['{HERE}'])"
)  # fmt: skip
#: The id of a click, in the address to which it redirects.
CLICK = re.compile(rb"hl_click=([0-9a-f]{32})")
#: The log entry of a click that is redirected although it could not be stored.
LEFT = "the landing page must record"


@dataclass(frozen=True)
class Answer:
    """An answer and how many seconds it took. Status 0: the connection was closed without an answer."""

    asked: Fuzzed
    status: int
    seconds: float
    body: bytes = b""
    location: bytes = b""


@dataclass
class Seen:
    """The results of a run."""

    seed: int
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    addresses: int = 0
    slowest: float = 0
    accepted: int = 0
    archived: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"seed {self.seed}: {self.requests} requests to {self.addresses} addresses; {statuses};"
            f" slowest {self.slowest:.2f} s; {self.accepted} hits accepted, {self.archived} archived"
        )


def ask(port: int, fuzzed: Fuzzed) -> Answer:
    """Send a request and read its answer."""
    began = time.monotonic()
    status, body, location = 0, b"", b""
    with (
        suppress(OSError, http.client.HTTPException),
        socket.create_connection(("127.0.0.1", port), timeout=30) as link,
    ):
        with suppress(OSError):  # A server that refuses a request need not read its rest.
            link.sendall(fuzzed.sent)
        if not fuzzed.is_whole:
            link.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(link, method=fuzzed.method)
        answer.begin()
        status, location = answer.status, (answer.headers.get("Location") or "").encode("latin-1", "replace")
        body = answer.read()
    return Answer(fuzzed, status, time.monotonic() - began, body, location)


def hits_of(answer: Answer) -> tuple[int, set[str]]:
    """Return how many hits an answer accepts, and the ids of those that are known."""
    if answer.location and (click := CLICK.search(answer.location)) and answer.asked.method == "GET":
        return 0, {click[1].decode()}
    if answer.status != 200 or answer.asked.method not in ("GET", "POST"):
        return 0, set()
    if answer.body.startswith(b"GIF89a"):
        return 1, set(answer.asked.ids.values())
    if answer.body == b"OK":  # A postback: its hit has an id of its own.
        return 1, set()
    told = told_of(answer.body)
    rejected = {one["index"] for one in told.get("rejected", ())}
    known = {name for index, name in answer.asked.ids.items() if index not in rejected} if "accepted" in told else set()
    return told.get("accepted", 0), known


def told_of(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; {} for anything else."""
    with suppress(ValueError):
        told = json.loads(body)
        return told if isinstance(told, dict) else {}
    return {}


@contextmanager
def open_tracker(folder: Path) -> Iterator[tuple[Tracker, dict[str, Any]]]:
    """Start a tracker whose site takes from this machine what only servers and networks may send."""
    with Tracker(folder, {"TRUSTED_PROXIES": HERE}) as tracker:
        tracker.migrate()
        made = tracker.bootstrap()
        tracker.manage("shell", "-c", OPEN)
        tracker.start("web")
        yield tracker, made


def fuzz(tracker: Tracker, made: dict[str, Any], requests: int, seed: int) -> Seen:
    """Do a run on a tracker whose web process runs; return its results."""
    rng = random.Random(seed)
    asked_for = look_at(tracker.url, addresses())
    known = {"site": made["site"], "ad": made["ad"], "ingest": made["ingest_token"], "report": made["report_token"]}
    maker = Maker(asked_for, {**known, "key": made["site"], "path": "tracker/pages.css"})
    all_of_them = [maker.make(rng, number) for number in range(requests)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda one: ask(tracker.port, one), all_of_them))
    seen = Seen(seed, requests, Counter(answer.status for answer in answers), len(asked_for))
    seen.slowest = max(answer.seconds for answer in answers)
    seen.wrong = [*wrong_answers(answers), *wrong_archive(tracker, answers, seen), *wrong_log(tracker)]
    return seen


def wrong_answers(answers: Sequence[Answer]) -> list[str]:
    """List the answers that no client may get."""
    return [
        f"{answer.status} after {answer.seconds:.2f} s: {answer.asked.sent[:1500]!r} {answer.body[:300]!r}"
        for answer in answers
        if answer.seconds > SLOWEST_SECONDS or (answer.status >= 500 and answer.status != 503)
    ]


def wrong_archive(tracker: Tracker, answers: Sequence[Answer], seen: Seen) -> list[str]:
    """List the hits that were accepted and are not in the archive."""
    archive = FolderArchive(tracker.state / "archive")
    hits = [hit for key in archive.list() for hit in archive.get(key)]
    told = [hits_of(answer) for answer in answers]
    seen.accepted, seen.archived = sum(count for count, _ in told), len(hits)
    missing = {name for _, names in told for name in names} - {hit.id for hit in hits}
    left = tracker.log("web").read_text(errors="replace").count(LEFT)
    clicks = {name for name in missing if not name.startswith("fuzz-")}
    found = [f"accepted and not archived: {name}" for name in sorted(missing - clicks)]
    found += [f"{len(clicks)} clicks are not archived, and {left} are in the log"] if len(clicks) > left else []
    return found + (["fewer hits are archived than were accepted"] if seen.archived < seen.accepted else [])


def wrong_log(tracker: Tracker) -> list[str]:
    """List the log entries of our own bugs that were answered as if a service were away."""
    log = tracker.log("web").read_text(errors="replace")
    at = log.find("Traceback")
    return [log[max(at - 500, 0) : at + 3000]] if at >= 0 else []
