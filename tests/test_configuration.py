"""Every setting is documented with its default, and a bad value of each stops the start with one clear line."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tracker import environment
from tracker.settings import cassandra_database

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = (CHECKOUT / "docs" / "configuration.md").read_text()
PROCESS_SETTINGS = {"WORKER_CONCURRENCY"}
READERS = {name for name in dir(environment) if name.startswith("read_")}

BAD_VALUES = [
    ("DEBUG", "maybe"),
    ("DEMO", "perhaps"),
    ("SECURE_COOKIES", "x"),
    ("HSTS_SECONDS", "-1"),
    ("ALLOWED_HOSTS", "https://tracker.example"),
    ("ALLOWED_HOSTS", "tracker.example:8000"),
    ("ALLOWED_HOSTS", "$HOSTS"),
    ("PORT", "http"),
    ("PORT", "70000"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_THREADS", "many"),
    ("WEB_IDLE_SECONDS", "0"),
    ("TRUSTED_PROXIES", "my-proxy"),
    ("TRUSTED_PROXIES", "$NETWORKS"),
    ("PUBLIC_PATHS", "/in"),
    ("PUBLIC_PATHS", "hits=/in"),
    ("PUBLIC_PATHS", "collect=in"),
    ("PUBLIC_PATHS", "collect=/"),
    ("PUBLIC_PATHS", "collect=/a b"),
    ("PUBLIC_PATHS", "collect=//a"),
    ("PUBLIC_PATHS", "collect=/../a"),
    ("PUBLIC_PATHS", "collect=/a/"),
    ("PUBLIC_PATHS", "collect=/a,collect=/b"),
    ("PUBLIC_PATHS", "collect=/a,pixel.gif=/a"),
    ("PUBLIC_PATHS", "collect=/api/in"),
    ("LOG_LEVEL", "LOUD"),
    ("HITLEDGER_STATE", "/dev/null/var"),
    ("PROMETHEUS_MULTIPROC_DIR", "/dev/null/metrics"),
    ("DATABASE_URL", "mysql://host/name"),
    ("DATABASE_URL", "nonsense"),
    ("DATABASE_URL", "$PGURL"),
    ("DATABASE_URL", "postgres://host:port/name"),
    ("DATABASE_URL", "postgres://host"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "postgres://host/name?sslmodus=require"),
    ("DATABASE_URL", "postgres://u:pass?word@host/name"),
    ("DATABASE_URL", "sqlite:////tmp/file?mode=ro"),
    ("BROKER_URL", "amqps://host//?cafile=/etc/ca.pem"),
    ("BROKER_URL", "amqp://host//?heartbeat=10"),
    ("BROKER_URL", "amqp://host//?cacertfile=/etc/ssl/certs/ca-certificates.crt"),
    ("BROKER_URL", "amqps://host//?cacertfile=/none.pem"),
    ("BROKER_URL", "redis://localhost"),
    ("BROKER_URL", "amqp://"),
    ("BROKER_URL", "amqp://host:port//"),
    ("CASSANDRA_URL", "127.0.0.1:9042"),
    ("CASSANDRA_URL", "cassandra:///keyspace"),
    ("CASSANDRA_URL", "cassandra://host/key-space"),
    ("CASSANDRA_URL", "cassandra://host/facts?tls=true"),
    ("CASSANDRA_URL", "cassandra://host/facts?ssl=yes"),
    ("CASSANDRA_URL", "cassandra://host/facts?cacertfile=/etc/ssl/certs/ca-certificates.crt"),
    ("CASSANDRA_URL", "cassandra://host/facts?ssl=true&cacertfile=/none.pem"),
    ("CASSANDRA_REPLICATION", "0"),
    ("ARCHIVE_URL", "/var/archive"),
    ("ARCHIVE_URL", "s3://"),
    ("ARCHIVE_URL", "file://relative"),
    ("ARCHIVE_URL", "file://relative/folder"),
    ("ARCHIVE_URL", "s3://bucket/hits?region=eu-central-1"),
    ("ARCHIVE_URL", "file:///folder#1"),
    ("S3_ENDPOINT_URL", "http://host:7070/?verify=false"),
    ("S3_ENDPOINT_URL", "localhost:7070"),
    ("S3_ENDPOINT_URL", "http://foo bar:1"),
    ("QUEUE_PREFIX", "a b"),
    ("WORKER_QUEUES", "fact"),
    ("WORKER_QUEUES", "hits, facts"),
    ("HIT_LINGER_MS", "-1"),
    ("HIT_BATCH_MAX", "501"),
    ("HIT_QOS", "0"),
    ("SITE_CACHE_SECONDS", "ten"),
    ("CONFIG_CACHE_SECONDS", "0"),
    ("REJECTED_DAILY_CAP", "1.5"),
    ("ARCHIVE_MERGE_HOURS", "-1"),
    ("RETENTION_DAYS", "30"),
]
#: Variables without bad values: any text is fine, or boto3 reads them.
WITHOUT_BAD_VALUE = {"SECRET_KEY", "WEB_HOST"}


@cache
def settings_read() -> frozenset[str]:
    """Return the variables that settings.py reads: the names in capitals that are passed to one of its readers."""
    calls = list(ast.walk(ast.parse((CHECKOUT / "tracker" / "settings.py").read_text())))
    return frozenset(
        argument.value
        for call in calls
        if isinstance(call, ast.Call) and name_of(call.func) in READERS
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(argument.value))
    )


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def documented(section: str) -> dict[str, str]:
    """Return variable -> default, from the table of one section."""
    _, _, text = DOCUMENT.partition(f"\n## {section}\n")
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    return {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}


def run(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in settings_read()}
    arguments = [sys.executable, "manage.py", *command.split()]
    return subprocess.run(
        arguments, cwd=CHECKOUT, env={**plain, **variables}, capture_output=True, text=True, timeout=60
    )


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    return run("check", **variables)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    rooms = documented("The tracker") | documented("The services") | documented("Collection and processing")
    assert {name for name in rooms if not name.startswith("AWS_")} == settings_read()


def test_every_variable_of_the_procfile_is_documented_with_its_default() -> None:
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (CHECKOUT / "Procfile").read_text()))
    assert {name for name in used if name not in settings_read()} == PROCESS_SETTINGS
    defaults = documented("The processes")
    assert set(defaults) == PROCESS_SETTINGS
    assert all(defaults[name].startswith(f"`{used[name]}`") for name in PROCESS_SETTINGS)


def test_defaults_of_numbers_are_those_of_the_code() -> None:
    code = (CHECKOUT / "tracker" / "settings.py").read_text()
    numbers = re.findall(r'read_number\("(\w+)", ([\d_]+), ', code)
    documented_here = documented("The tracker") | documented("The services") | documented("Collection and processing")
    assert numbers
    assert {name: f"`{int(value)}`" for name, value in numbers} == {name: documented_here[name] for name, _ in numbers}


def test_every_setting_has_a_bad_value_in_these_tests() -> None:
    assert {name for name, _ in BAD_VALUES} == settings_read() - WITHOUT_BAD_VALUE


def test_without_any_variable_the_tracker_starts_embedded(tmp_path: Path) -> None:
    answer = start(HITLEDGER_STATE=str(tmp_path / "new" / "var"))
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "new" / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_an_empty_value_counts_as_unset(tmp_path: Path) -> None:
    names = settings_read() - {"HITLEDGER_STATE"}
    answer = start(HITLEDGER_STATE=str(tmp_path), **dict.fromkeys(names, ""))
    assert answer.returncode == 0, answer.stderr
    assert list(CHECKOUT.glob("*.db")) == []  # prometheus_client would write its counts here


@pytest.mark.parametrize(("name", "value"), BAD_VALUES, ids=lambda text: text)
def test_a_bad_value_stops_the_start_with_one_line_that_names_it(name: str, value: str, tmp_path: Path) -> None:
    answer = start(**{"HITLEDGER_STATE": str(tmp_path), name: value})
    assert answer.returncode != 0
    (line,) = answer.stderr.strip().splitlines()
    assert line.startswith(f"hitledger: {name} ")


@pytest.mark.parametrize("secret", ["$ecret", "a$b\\$c", "$"])
def test_a_secret_may_contain_dollar_signs(secret: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", "from tracker.settings import SECRET_KEY; print(SECRET_KEY, end='')"]
    env = {**os.environ, "HITLEDGER_STATE": str(tmp_path), "SECRET_KEY": secret}
    assert subprocess.run(words, cwd=CHECKOUT, env=env, capture_output=True, text=True).stdout == secret
    assert not (tmp_path / "secret_key").exists()


def test_the_queues_of_a_worker_have_the_common_prefix(tmp_path: Path) -> None:
    assert start(HITLEDGER_STATE=str(tmp_path), WORKER_QUEUES="p.facts,p.hits", QUEUE_PREFIX="p.").returncode == 0
    assert start(HITLEDGER_STATE=str(tmp_path), WORKER_QUEUES="facts", QUEUE_PREFIX="p.").returncode != 0


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("cassandra://one,two:9042/facts", "one,two"),
        ("cassandra://user:pa:ss@one/facts", "one"),
        ("cassandra://[::1]:9042/facts", "::1"),
        ("cassandra://[::1]/facts", "::1"),
    ],
)
def test_cassandras_hosts_are_named_as_the_driver_wants_them(url: str, hosts: str) -> None:
    assert cassandra_database(url)["HOST"] == hosts


def test_a_secret_must_be_set_if_it_cannot_be_stored(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    answer = start(HITLEDGER_STATE=str(tmp_path))
    assert answer.returncode != 0
    assert answer.stderr.startswith("hitledger: SECRET_KEY is not set and can't be kept")


@pytest.mark.parametrize("command", ["migrate", "bootstrap --json", "rollup", "replay"])
def test_a_database_that_is_away_ends_a_command_with_one_line(command: str, tmp_path: Path) -> None:
    answer = run(command, HITLEDGER_STATE=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path}/none/hitledger.sqlite3")
    assert answer.returncode != 0
    (line,) = answer.stderr.strip().splitlines()
    assert "DATABASE_URL" in line


def test_a_broker_that_is_away_ends_a_command_with_one_line(tmp_path: Path) -> None:
    answer = run("deadletters", HITLEDGER_STATE=str(tmp_path), BROKER_URL="amqp://127.0.0.1:9//")
    assert answer.returncode != 0
    (line,) = answer.stderr.strip().splitlines()
    assert line.startswith("CommandError: the broker: ")


@pytest.mark.parametrize("command", ["bootstrap --json", "rollup", "replay"])
def test_a_command_without_tables_ends_with_one_line_that_says_so(command: str, tmp_path: Path) -> None:
    answer = run(command, HITLEDGER_STATE=str(tmp_path))
    assert answer.returncode != 0
    (line,) = answer.stderr.strip().splitlines()
    assert "manage.py migrate" in line.replace("python ", "")


@pytest.mark.parametrize(("name", "value"), [("AWS_DEFAULT_REGION", "eu central"), ("AWS_PROFILE", "nope")])
def test_a_setting_that_boto3_cannot_use_ends_a_command_with_one_line(name: str, value: str, tmp_path: Path) -> None:
    answer = run("restore --list", HITLEDGER_STATE=str(tmp_path), ARCHIVE_URL="s3://bucket/hits", **{name: value})
    assert answer.returncode != 0
    (line,) = answer.stderr.strip().splitlines()
    assert line.startswith("CommandError: Stopped: S3: ")
    assert value in line
