"""compose.yaml and the Dockerfile name only existing processes, variables, files and services."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.image.compose import compose_file
from tests.running import CHECKOUT, procfile
from tests.services.control import SERVICES

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
COMPOSE = compose_file()["services"]
TRACKER = ("release", "web", "worker", "beat")
NEEDED = ("rabbitmq", "cassandra", "s3", "postgres")


def test_compose_has_exactly_the_processes_of_the_procfile() -> None:
    commands = [COMPOSE[name]["command"] for name in TRACKER]
    assert commands == [["python", "-m", "tracker.process", name] for name in TRACKER]
    assert set(TRACKER) == set(procfile())


def test_an_unknown_process_is_refused_with_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker.process", "cron"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "hitledger: the Procfile has no process 'cron', but release, web, worker, beat",
    )


@pytest.mark.parametrize("name", TRACKER)
def test_a_process_waits_until_its_services_are_healthy_and_released(name: str) -> None:
    waits = {other: how["condition"] for other, how in COMPOSE[name]["depends_on"].items()}
    released = {} if name == "release" else {"release": "service_completed_successfully"}
    assert waits == {**dict.fromkeys(NEEDED, "service_healthy"), **released}
    assert all("test" in COMPOSE[other]["healthcheck"] for other in NEEDED)


@pytest.mark.parametrize("name", TRACKER)
def test_a_process_has_no_rights_and_writes_only_to_its_state(name: str) -> None:
    process = COMPOSE[name]
    assert (process["read_only"], process["cap_drop"]) == (True, ["ALL"])
    assert process["volumes"] == ["state:/var/lib/hitledger"]
    assert "HITLEDGER_STATE=/var/lib/hitledger" in DOCKERFILE


def test_the_settings_take_each_variable_as_it_is_given(tmp_path: Path) -> None:
    given = {name: "" if value.startswith("${") else value for name, value in COMPOSE["web"]["environment"].items()}
    documented = (CHECKOUT / "docs" / "configuration.md").read_text()
    assert [name for name in given if f"`{name}`" not in documented] == []
    env = {
        **os.environ,
        "HITLEDGER_STATE": str(tmp_path),
        **given,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    subprocess.run([sys.executable, "-c", "import tracker.settings"], cwd=CHECKOUT, env=env, check=True)


def test_every_address_and_password_of_a_service_matches_its_container() -> None:
    given: dict[str, Any] = COMPOSE["web"]["environment"]
    for name in NEEDED:
        for variable, here in SERVICES[name].ENV.items():
            there = given[variable]
            assert urlsplit(there)[:1] == urlsplit(here)[:1]
            if "://" in there and not there.startswith("s3:"):
                assert urlsplit(there).hostname == name
                assert str(urlsplit(there).port) in {port.split(":")[-1] for port in COMPOSE[name]["ports"]}
                assert urlsplit(there)[2:] == urlsplit(here)[2:]
            else:
                assert there == here
            assert urlsplit(there).password == urlsplit(here).password


def test_every_image_has_a_version_and_every_volume_a_name() -> None:
    for name, service in COMPOSE.items():
        assert service["image"] == "hitledger" or re.search(r":v?\d", service["image"]), name
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose_file()["volumes"])
    assert re.search(r"^ARG BASE=\S+:\d+\.\d+-slim$", DOCKERFILE, re.MULTILINE)


def test_the_image_has_exactly_the_files_that_it_copies() -> None:
    copied = {
        path for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for path in line.split()
    }
    assert all((CHECKOUT / path).exists() for path in copied)
    let_in = set(re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE))
    assert let_in == copied
    packages = {file.parent.name for file in CHECKOUT.glob("*/apps.py")}
    assert packages <= copied
