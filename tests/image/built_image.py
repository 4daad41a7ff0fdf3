"""The container image as people run it: alone, and with compose.yaml's commands on real services."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from cassandra.cluster import Cluster
from kombu import Connection

from tests.image.compose import compose_file, resolved
from tests.image.containers import container, make_image, podman
from tests.running import free_port
from tests.services import cassandra, postgres, rabbitmq, start

pytestmark = pytest.mark.timeout(900)
USER = 10001
WAIT_SECONDS = 60.0


@pytest.fixture(scope="session", autouse=True)
def image() -> None:
    """The image that `make image` builds."""
    make_image()


@pytest.fixture
def name() -> str:
    """A name for a container, a database and a keyspace of this test."""
    return f"image_{uuid4().hex[:8]}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A volume that belongs to the container's user."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, USER)
    return folder


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def is_healthy(name: str) -> bool:
    """Whether the image's own health check passes."""
    return subprocess.run(podman("healthcheck", "run", name), capture_output=True).returncode == 0


def run_in(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a running container."""
    return subprocess.run(podman("exec", name, *command), capture_output=True, text=True)


def sale(site: str) -> dict[str, str]:
    return {"site": site, "type": "conversion", "name": "purchase", "order": "A-1", "value": "29.90"}


def reported(url: str, made: dict[str, Any]) -> str:
    """Return the value in the report of two days."""
    today = time.time()
    days = {"from": today - 86_400, "to": today}
    query = {name: time.strftime("%F", time.gmtime(at)) for name, at in days.items()}
    token = {"Authorization": f"Bearer {made['report_token']}"}
    answer = requests.get(f"{url}/api/reports/conversions", {"site": made["site"], **query}, headers=token, timeout=20)
    return str(answer.json()["totals"]["value"])


def test_alone_it_takes_hits_as_a_user_without_rights_on_a_root_that_can_not_be_written(name: str, state: Path) -> None:
    port = free_port()
    options = (
        "--env",
        f"PORT={port}",
        "--env",
        "ALLOWED_HOSTS=shop.example",
        "--volume",
        f"{state}:/var/lib/hitledger",
    )
    with container(name, *options, "--tmpfs", "/tmp") as process:
        wait_until(lambda: is_healthy(name), "the container isn't healthy")
        made = json.loads(run_in(name, "python", "manage.py", "bootstrap", "--json").stdout)
        host = {"Host": "shop.example"}
        answer = requests.post(f"http://127.0.0.1:{port}/collect", json=sale(made["site"]), headers=host, timeout=10)
        assert answer.json() == {"accepted": 1, "rejected": []}
        assert run_in(name, "id", "-u").stdout.strip() == str(USER)
        assert "Read-only" in run_in(name, "touch", "/opt/hitledger/new").stderr
        for tool in ("gcc", "make", "pip", "pip3"):
            assert run_in(name, "sh", "-c", f"command -v {tool}").returncode != 0
        page = requests.get(f"http://127.0.0.1:{port}/static/tracker/pages.css", headers=host, timeout=10)
        assert page.status_code in (200, 404)
    assert process.returncode == 0
    archived = list((state / "archive").rglob("*.jsonl.gz"))
    assert len(archived) == 1
    assert archived[0].stat().st_uid == USER


@pytest.fixture
def services(name: str) -> Iterator[dict[str, str]]:
    """Real services with databases of this test. Their host names resolve to this machine."""
    for one in ("rabbitmq", "cassandra", "s3", "postgres"):
        start(one)
    own = postgres.ENV["DATABASE_URL"]
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield {
            "DATABASE_URL": f"{own.rpartition('/')[0].replace('127.0.0.1', 'postgres')}/{name}",
            "CASSANDRA_URL": f"cassandra://cassandra:9042/{name}",
            "ARCHIVE_URL": f"s3://hitledger/{name}",
            "QUEUE_PREFIX": f"{name}.",
        }
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with Connection(rabbitmq.ENV["BROKER_URL"]) as broker:
        for queue in ("hits", "facts", "figures", "upkeep", "dead"):
            broker.default_channel.queue_delete(f"{name}.{queue}")
    with Cluster(["127.0.0.1"], port=cassandra.PORT) as cluster:
        cluster.connect().execute(f"DROP KEYSPACE {name}", timeout=60)


def options_of(service: dict[str, Any], state: Path, env: dict[str, str]) -> list[str]:
    """Return podman's options for a service of compose.yaml. All containers use this machine's network."""
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    words = [word for path in service["tmpfs"] for word in ("--tmpfs", path)]
    words += ["--volume", f"{state}:{service['volumes'][0].partition(':')[2]}", "--init"]
    for variable, value in {**service["environment"], **env}.items():
        words += ["--env", f"{variable}={'' if value.startswith('${') else value}"]
    for host in ("rabbitmq", "cassandra", "s3", "postgres"):
        words += ["--add-host", f"{host}:127.0.0.1"]
    return words


def test_by_compose_a_sale_goes_all_the_way_to_the_report(name: str, state: Path, services: dict[str, str]) -> None:
    port = free_port()
    env = {**services, "PORT": str(port)}
    described = compose_file()["services"]

    def run(service: str) -> Any:
        words = options_of(described[service], state, env)
        return container(f"{name}-{service}", *words, command=described[service]["command"])

    with run("release") as release:
        assert release.wait(WAIT_SECONDS) == 0
    with ExitStack() as running:
        for one in ("web", "worker", "beat"):
            running.enter_context(run(one))
        web = f"{name}-web"
        wait_until(lambda: is_healthy(web), "the web process isn't healthy")
        made = json.loads(run_in(web, "python", "manage.py", "bootstrap", "--json").stdout)
        url = f"http://127.0.0.1:{port}"
        assert requests.post(f"{url}/collect", json=sale(made["site"]), timeout=10).json()["accepted"] == 1
        assert requests.get(f"{url}/readyz", timeout=10).json()["ready"] is True
        wait_until(lambda: reported(url, made) == "29.900000", "beat and worker did not bring the sale into the report")


def test_composes_own_library_reads_the_file_as_it_is_written() -> None:
    read, written = resolved()["services"], compose_file()["services"]
    assert read.keys() == written.keys()
    for name in written:
        waits = {other: how["condition"] for other, how in read[name].get("depends_on", {}).items()}
        assert waits == {other: how["condition"] for other, how in written[name].get("depends_on", {}).items()}
        assert read[name].get("command") == written[name].get("command")
    assert read["web"]["ports"][0]["published"] == "8000"
