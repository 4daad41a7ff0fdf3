"""TLS to the services: RabbitMQ and Cassandra behind a proxy with certificates that the tests make."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import trustme
from cassandra.cluster import Cluster, NoHostAvailable
from django.conf import settings

from tests.conftest import needs
from tests.running import CHECKOUT, free_port
from tests.services.packages import ensure
from tests.services.ports import listening
from tracker import tls
from tracker.celery import app
from tracker.queues.broker import connect
from tracker.queues.port import QueueUnavailable

pytestmark = pytest.mark.services

CONFIG = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""
DOOR = """
listen {name}
  bind 127.0.0.1:{port} ssl crt {pem}
  server real {server}
"""


class Doors(NamedTuple):
    """The TLS ports of the services, and the authority of the certificates."""

    ca: Path
    ports: dict[str, int]

    def amqps(self, name: str, **parameters: str) -> str:
        return f"amqps://guest:guest@127.0.0.1:{self.ports[name]}//{query(parameters)}"

    def cassandra(self, name: str, **parameters: str) -> str:
        return f"cassandra://127.0.0.1:{self.ports[name]}/facts{query(parameters)}"


def query(parameters: dict[str, str]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in parameters.items()) if parameters else ""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """HAProxy before each service, on one port with a certificate for this address and on one with another name's."""
    for name in ("BROKER_URL", "CASSANDRA_URL"):
        needs(name)
    ensure("haproxy")
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    servers = {"amqps": settings.BROKER_URL, "cassandra": settings.CASSANDRA_URL}
    ports, config = {}, CONFIG
    for kind, name in (("good", "127.0.0.1"), ("other", "cassandra.example")):
        pem = folder / f"{kind}.pem"
        authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(pem))
        for service, url in servers.items():
            port = ports[f"{kind} {service}"] = free_port()
            parts = urlsplit(url)
            config += DOOR.format(name=f"{kind}-{service}", port=port, pem=pem, server=f"127.0.0.1:{parts.port}")
    (folder / "haproxy.cfg").write_text(config)
    with subprocess.Popen(["haproxy", "-db", "-q", "-f", str(folder / "haproxy.cfg")]) as proxy:
        while not all(map(listening, ports.values())):
            assert proxy.poll() is None
            time.sleep(0.02)
        yield Doors(ca, ports)
        proxy.terminate()


def reach_broker(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Connect to RabbitMQ as the tracker does. Raises QueueUnavailable."""
    monkeypatch.setitem(app.conf, "broker_write_url", url.partition("?")[0])
    monkeypatch.setitem(app.conf, "broker_use_ssl", tls.broker_options("BROKER_URL", url))
    connect().release()


def reach_cassandra(url: str) -> None:
    """Connect to Cassandra as the tracker does. Raises NoHostAvailable."""
    port = urlsplit(url).port
    options = tls.cassandra_options("CASSANDRA_URL", url)
    with Cluster(["127.0.0.1"], port=port, protocol_version=5, connect_timeout=3, **options) as cluster:
        assert cluster.connect().execute("SELECT key FROM system.local").one()


def test_a_broker_with_a_certificate_of_the_configured_authority_is_reached(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach_broker(monkeypatch, doors.amqps("good amqps", cacertfile=str(doors.ca)))


def test_every_process_of_the_tracker_reaches_both_over_tls(doors: Doors, tmp_path: Path) -> None:
    words = (
        "import django; django.setup(); from conversions.store.adapters import open_store;"
        "from tracker.queues.broker import connect; connect().release(); print(open_store().cql.session().cluster.port)"
    )
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "HITLEDGER_STATE": str(tmp_path),
        "BROKER_URL": doors.amqps("good amqps", cacertfile=str(doors.ca)),
        "CASSANDRA_URL": doors.cassandra("good cassandra", ssl="true", cacertfile=str(doors.ca)),
    }
    done = subprocess.run([sys.executable, "-c", words], cwd=CHECKOUT, env=env, capture_output=True, text=True)
    assert done.stdout.strip() == str(doors.ports["good cassandra"]), done.stderr


def test_a_broker_with_another_name_in_its_certificate_is_not_trusted(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QueueUnavailable, match="certificate is not valid for"):
        reach_broker(monkeypatch, doors.amqps("other amqps", cacertfile=str(doors.ca)))


def test_a_broker_with_a_certificate_of_an_unknown_authority_is_not_trusted(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QueueUnavailable, match="certificate verify failed"):
        reach_broker(monkeypatch, doors.amqps("good amqps"))


def test_a_cassandra_with_a_certificate_of_the_configured_authority_is_reached(doors: Doors) -> None:
    reach_cassandra(doors.cassandra("good cassandra", ssl="true", cacertfile=str(doors.ca)))


def test_a_cassandra_whose_nodes_share_one_certificate_name_is_reached(doors: Doors) -> None:
    url = doors.cassandra("other cassandra", ssl="true", cacertfile=str(doors.ca), servername="cassandra.example")
    reach_cassandra(url)


@pytest.mark.parametrize("more", [{}, {"servername": "elsewhere.example"}], ids=str)
def test_a_cassandra_with_another_name_in_its_certificate_is_not_trusted(doors: Doors, more: dict[str, str]) -> None:
    with pytest.raises(NoHostAvailable, match="certificate is not valid for"):
        reach_cassandra(doors.cassandra("other cassandra", ssl="true", cacertfile=str(doors.ca), **more))


def test_a_cassandra_with_a_certificate_of_an_unknown_authority_is_not_trusted(doors: Doors) -> None:
    with pytest.raises(NoHostAvailable, match="certificate verify failed"):
        reach_cassandra(doors.cassandra("good cassandra", ssl="true"))
