"""The check of Cassandra drivers: if two packages install `cassandra/`, the start fails, and the error says how to mend
it."""

import os
import subprocess
import sys
from pathlib import Path

from conversions.checks import check_cassandra_driver, find_second_driver

CHECKOUT = Path(__file__).resolve().parents[2]


def test_one_driver_passes() -> None:
    assert find_second_driver(["cassandra-driver"]) == []


def test_the_same_driver_found_twice_passes() -> None:
    assert find_second_driver(["cassandra-driver", "cassandra-driver"]) == []


def test_the_installed_packages_pass() -> None:
    assert check_cassandra_driver() == []


def test_two_drivers_are_an_error_that_names_both_and_the_command_that_mends_it() -> None:
    (error,) = find_second_driver(["scylla-driver", "cassandra-driver"])
    assert "cassandra-driver and scylla-driver" in error.msg
    assert "pip uninstall --yes scylla-driver" in (error.hint or "")


def test_a_start_with_two_drivers_installed_is_refused(tmp_path: Path) -> None:
    metadata = tmp_path / "scylla_driver-3.29.9.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: scylla-driver\nVersion: 3.29.9\n")
    (metadata / "top_level.txt").write_text("cassandra\n")
    start = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "HITLEDGER_STATE": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert start.returncode != 0
    assert "hitledger.E001" in start.stderr
    assert "pip install --no-deps -r requirements.txt" in start.stderr
