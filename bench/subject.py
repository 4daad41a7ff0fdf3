"""Subject: what is measured (the tracker, or the baseline on the same server and services), and how far its hits have
come."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from cassandra.cluster import Cluster, Session
from kombu import Connection

from bench.peak import peak_kib
from tests.running import Tracker, cpu_seconds, procfile

HOUR_MS = 3_600_000
BASELINE = {"tracker.wsgi": "bench.baseline.wsgi", "tracker.celery": "bench.baseline.celery"}


class Subject(Tracker):
    """A tracker whose processes are started and stopped one by one. With `baseline`, the baseline runs instead."""

    def __init__(self, name: str, state: Path, env: Mapping[str, str], baseline: bool = False) -> None:
        super().__init__(state, env)
        self.name = name
        self.baseline = baseline
        self.embedded = "BROKER_URL" not in env
        self.site = ""
        if baseline:
            self.env["DJANGO_SETTINGS_MODULE"] = "bench.baseline.settings"
            self.commands = {name: plain(command) for name, command in procfile().items()}

    def prepare(self) -> None:
        """Make the tables and a site, and start the web process."""
        self.manage("migrate", "--noinput", "--verbosity", "0")
        self.manage("prepare")
        if self.baseline:
            self.manage("sync_cassandra")
        self.site = str(self.bootstrap()["site"])
        self.start("web")

    def stop_one(self, name: str) -> None:
        """End one process gracefully."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    def cpu(self, name: str) -> float:
        """Return the CPU seconds that a process and its children have used."""
        return sum(cpu_seconds(pid) for pid in self.pids(name))

    def peak_mib(self, name: str) -> float:
        """Return the peak memory in MiB of the process, or of its child that used most."""
        return max(peak_kib(pid) for pid in self.pids(name)) / 1024


class Progress:
    """Reads how far hits have come on the services: how many wait in queues, and how many are fully processed."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._queues = ("baseline",) if subject.baseline else ("hits", "facts")
        self._broker = Connection(subject.env["BROKER_URL"])
        self._cluster = Cluster(["127.0.0.1"], port=_port(subject.env["CASSANDRA_URL"]), protocol_version=5)
        self._session: Session = self._cluster.connect(subject.env["CASSANDRA_URL"].rpartition("/")[2])

    def counted(self) -> int:
        """Return how many hits the last task has counted. It is exact if no process was killed."""
        site = self._subject.site
        if self._subject.baseline:
            rows = self._session.execute("SELECT clicks, conversions FROM plain_counts WHERE site = %s", [site])
            return sum((row.clicks or 0) + (row.conversions or 0) for row in rows)
        hour = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
        query = "SELECT metric, amount FROM counters WHERE site = %s AND bucket IN (%s, %s)"
        rows = self._session.execute(query, [site, hour, hour - HOUR_MS])
        return sum(row.amount for row in rows if row.metric == "hits")

    def waiting(self) -> int:
        """Return how many messages wait for a worker."""
        channel = self._broker.default_channel
        return sum(channel.queue_declare(name, passive=True).message_count for name in self._queues)

    def has_workers(self) -> bool:
        """Whether a worker is connected to the queue."""
        return bool(self._broker.default_channel.queue_declare(self._queues[0], passive=True).consumer_count)

    def close(self) -> None:
        """Close the connections."""
        self._broker.release()
        self._cluster.shutdown()


def plain(command: str) -> str:
    """Return the baseline's command for a command of the Procfile. Only the application differs."""
    for ours, its in BASELINE.items():
        command = command.replace(ours, its)
    return command


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])
