"""PostgreSQL behind PgBouncer in transaction mode, in which each transaction may use another server connection."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import needs
from tests.running import CHECKOUT, Tracker, free_port
from tests.services.packages import ensure
from tests.services.ports import listening

pytestmark = pytest.mark.services

CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
min_pool_size = 2
default_pool_size = 2
server_round_robin = 1
ignore_startup_parameters = extra_float_digits
"""
WORK = """
import os
from django.core.management import call_command
from conversions.configuration.rate_table import read_series
for words in (["migrate", "--verbosity", "0"], ["bootstrap", "--json"], ["load_rates", os.environ["RATES"]]):
    call_command(*words)
print(read_series("EUR", "USD", 1))
call_command("rollup", "--wait", "5")
"""


@pytest.fixture
def pooled() -> Iterator[str]:
    """The URL of the test's own database behind a pool that uses its connections in turn."""
    needs("BROKER_URL")
    ensure("pgbouncer")
    command = [sys.executable, "-m", "tests.services", "start", "postgres"]
    started = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    server = urlsplit(started.stdout.strip().partition("=")[2])
    name, listen = f"pooled_{uuid4().hex[:12]}", free_port()
    folder = Path(mkdtemp())  # a folder that another user can reach
    (folder / "users").write_text(f'"{server.username}" "{server.password}"\n')
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(host=server.hostname, port=server.port, listen=listen, folder=folder))
    with psycopg.connect(server.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        # PgBouncer refuses to run as root, and only the test's user can read the files.
        for path in (folder, *folder.iterdir()):
            os.chown(path, 65534, 65534)
        with subprocess.Popen(["pgbouncer", "-q", str(config)], user=65534, group=65534, extra_groups=[]) as pool:
            while not listening(listen):
                assert pool.poll() is None
                time.sleep(0.02)
            yield f"postgres://{server.username}:{server.password}@127.0.0.1:{listen}/{name}"
            pool.kill()
        shutil.rmtree(folder)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.timeout(120)
def test_a_site_with_exchange_rates_is_set_up_and_rolled_up_through_the_pool(pooled: str, tmp_path: Path) -> None:
    rates = "\n".join(f"2026-11-{day:02d},EUR,USD,1.{day:04d}" for day in range(1, 28))
    (tmp_path / "rates.csv").write_text(f"day,base,quote,rate\n{rates}\n")
    tracker = Tracker(tmp_path, {"DATABASE_URL": pooled, "RATES": str(tmp_path / "rates.csv")})
    said = tracker.manage("shell", "--no-imports", "-c", WORK)
    assert "27 rates" in said
    assert "2026-11-27" in said
    assert "buckets rolled up" in said
