"""Run: one crash run. It sends hits, kills processes, waits until all is processed, and compares the results with what
was sent."""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import requests

from tests.crash.faults import EMBEDDED_WEIGHTS, WEIGHTS, Killer, Outage, Supervisor, crash_service, end
from tests.crash.plan import Request, make_requests
from tests.crash.senders import Senders
from tests.crash.services import OwnServices
from tests.running import CHECKOUT, Tracker
from tracker.collection.hit import Hit

#: Longer than any wait before a new try.
DRAIN_SECONDS = 120


@dataclass
class Figures:
    """What a run sent, killed and found."""

    seed: int
    hits: int = 0
    sent: int = 0
    resent: int = 0
    accepted: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    orphans: int = 0
    sending_seconds: float = 0
    draining_seconds: float = 0
    archive_objects: int = 0
    archived_copies: int = 0
    conversions: str = ""
    lost: int = 0
    invented: int = 0
    dead_lettered: int = 0

    def __str__(self) -> str:
        return "\n".join(f"{name.replace('_', ' '):18} {_plain(value)}" for name, value in vars(self).items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in sorted(value.items())) or "none"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


class Run:
    """A tracker with a site, in a crash run. If `services` are given, they are killed as well."""

    def __init__(self, tracker: Tracker, seed: int, services: OwnServices | None = None) -> None:
        self.tracker = tracker
        self.services = services
        self.names = ("web", "worker", "beat") if services else ("web", "beat")
        self.figures = Figures(seed)
        self.rng = random.Random(seed)
        self.site: dict[str, Any] = {}
        #: All clients whose hits were checked, because later reports have these hits, too.
        self.checked: list[Senders] = []

    def prepare(self) -> None:
        """Make an account with a site, ads and goals, and start the processes."""
        self.tracker.migrate()
        self.tracker.manage("prepare")
        self.site = self.tracker.bootstrap()
        self.inside("configure")
        self.tracker.start(*self.names[1:], "web")

    def inside(self, word: str) -> Any:
        """Run a command of `tests.crash.inside`, and return its JSON."""
        command = [sys.executable, "-m", "tests.crash.inside", word, self.site["site"]]
        done = subprocess.run(
            command, env=self.tracker.env, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, timeout=600
        )
        return json.loads(done.stdout)

    def make_requests(self, hits: int) -> list[Request]:
        """Make the requests of this run."""
        self.figures.hits = hits
        return make_requests(self.rng, self.site["site"], hits, time.time_ns() // 1_000_000)

    def storm(self, requests: list[Request], seconds: float) -> Senders:
        """Send all requests while processes and services are killed. Rename an ad halfway."""
        senders = Senders(self.tracker.url, requests, self.figures.seed, seconds)
        killer = Killer(self.tracker, self.rng, WEIGHTS if self.services else EMBEDDED_WEIGHTS)
        supervisor = Supervisor(self.tracker, self.names)
        outages = [Outage(seconds / 2, lambda: self.inside("rename")), *self._service_crashes(seconds)]
        began = time.monotonic()
        senders.start()
        try:
            killer.run(seconds)
            for outage in outages:
                outage.join()
            senders.join()
        finally:
            supervisor.stop()
            end(orphans := killer.orphans())
        self._note(senders, killer, len(orphans), time.monotonic() - began)
        return senders

    def _service_crashes(self, seconds: float) -> list[Outage]:
        """Plan one crash of RabbitMQ in the first half, and one of Cassandra in the second."""
        if not self.services:
            return []
        when = {"rabbitmq": self.rng.uniform(0.1, 0.4) * seconds, "cassandra": self.rng.uniform(0.5, 0.8) * seconds}
        self.figures.restarts = dict.fromkeys(when, 1)
        return [Outage(at, crash_service(self.services, name, away=2)) for name, at in when.items()]

    def _note(self, senders: Senders, killer: Killer, orphans: int, seconds: float) -> None:
        self.figures.sent, self.figures.resent = senders.sent, senders.resent
        self.figures.accepted = len(senders.accepted)
        self.figures.answers, self.figures.kills = dict(senders.answers), dict(killer.kills)
        self.figures.orphans, self.figures.sending_seconds = orphans, seconds

    def drain(self) -> None:
        """Wait until all accepted hits are rolled up. Raises CalledProcessError if that takes too long."""
        for name in self.names:
            if self.tracker.processes[name].poll() is not None:
                self.tracker.start(name)
        began = time.monotonic()
        self.tracker.manage("rollup", "--wait", str(DRAIN_SECONDS), timeout=DRAIN_SECONDS + 180)
        self.figures.draining_seconds = time.monotonic() - began

    def check(self, senders: Senders) -> None:
        """Compare the archive, the reports and the rejected hits with what was sent. Raises AssertionError."""
        assert senders.given_up == 0, f"{senders.given_up} hits were never accepted: {dict(senders.answers)}"
        assert set(senders.answers) <= {"200", "503", "none"}, dict(senders.answers)
        stored = self.inside("check")
        archived = {hit.encode() for hit in stored["hits"]}
        self.checked.append(senders)
        self.figures.archive_objects, self.figures.archived_copies = stored["objects"], stored["copies"]
        self.figures.lost = len(set().union(*(one.accepted for one in self.checked)) - archived)
        self.figures.invented = len(archived.difference(*(one.attempted for one in self.checked)))
        assert self.figures.lost == 0, f"{self.figures.lost} accepted hits are not in the archive"
        assert self.figures.invented == 0, f"{self.figures.invented} archived hits were never sent"
        self.check_reports(stored)
        self.check_rejected(stored, archived)

    def check_reports(self, stored: dict[str, Any]) -> None:
        """Check that each model's report by ad and day equals the recomputed one."""
        for model in stored["reports"]:
            answer = self.report(model)
            assert rows_of(answer) == [tuple(row) for row in stored["reports"][model]["rows"]], model
            left = [micros(answer["unattributed"][name]) for name in ("conversions", "value")]
            assert left == stored["reports"][model]["unattributed"], model
            self.figures.conversions = answer["totals"]["conversions"]
        assert micros(self.figures.conversions) > 0

    def check_rejected(self, stored: dict[str, Any], archived: set[bytes]) -> None:
        """Check that exactly the hits that meet no goal were rejected, and that there are no dead letters."""
        hits = [msgspec.json.decode(body, type=Hit) for body in archived]
        wanted = {hit.id for hit in hits if hit.type == "conversion" and hit.name == "nothing"}
        assert set(stored["rejected"]) <= {"no_goal"}, stored["rejected"]
        assert set(stored["no_goal"]) == wanted
        if self.services:
            left = self.services.waiting_messages(self.tracker.env)
            self.figures.dead_lettered = sum(count for name, count in left.items() if "dead" in name)
            assert self.figures.dead_lettered == 0, f"batches are dead-lettered: {left}"

    def report(self, model: str) -> Any:
        """Return a model's report of all days, by ad and day."""
        today = datetime.now(UTC).date()
        answer = requests.get(
            f"{self.tracker.url}/api/reports/conversions",
            params={
                "site": self.site["site"],
                "from": str(today - timedelta(days=10)),
                "to": str(today + timedelta(days=1)),
                "model": model,
                "by": "ad,day",
            },
            headers={"Authorization": f"Bearer {self.site['report_token']}"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


def rows_of(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return a report's rows as (ad, day, clicks, views, credit, value), with money in micros."""
    return sorted(
        (row["ad"], row["day"], row["clicks"], row["views"], micros(row["conversions"]), micros(row["value"]))
        for row in answer["rows"]
    )


def micros(text: str) -> int:
    """Convert a decimal text with six places to micros."""
    whole, _, places = text.partition(".")
    assert len(places) == 6, text
    return int(whole + places)


def crash(run: Run, hits: int, seconds: float) -> Figures:
    """Do a whole crash run. Print its figures, even if it fails."""
    try:
        run.prepare()
        senders = run.storm(run.make_requests(hits), seconds)
        run.drain()
        run.check(senders)
    finally:
        print(f"\n{run.figures}", flush=True)
    return run.figures
