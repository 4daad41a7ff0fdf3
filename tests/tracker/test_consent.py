"""After a visit without consent no place holds anything that identifies the person: every byte is searched."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
import requests
from cassandra.cluster import Cluster
from kombu import Connection

from tests.browser.demo import own_queues, services_of
from tests.conftest import needs
from tests.running import Tracker
from tracker.refusals import WRITE_SECONDS

HASH = "e1" * 32
#: Everything that identifies the person. None of it may be kept.
PERSON = {
    "visitor": "visitor-of-the-person",
    "user": "user-of-the-person",
    "address": "203.0.113.77",
    "user agent": "PersonsBrowser/77",
    "click id": "click-id-of-the-person",
    "hash": HASH,
    "cookie": "fb.1.1700000000.persons-cookie",
}
CLICK = f"gclid={PERSON['click id']}"
PAGE = f"https://shop.example/?utm_source=news&utm_campaign=denied&{CLICK}"
HEADERS = {"User-Agent": PERSON["user agent"], "X-Forwarded-For": PERSON["address"]}
BEHIND_A_PROXY = {"TRUSTED_PROXIES": "127.0.0.1/32", "LOG_LEVEL": "DEBUG"}


def visit(tracker: Tracker, account: dict[str, Any]) -> None:
    """A person without consent clicks an ad, looks around and buys, by every endpoint."""
    site = account["site"]
    own = {"site": site, "visitor": PERSON["visitor"], "user": PERSON["user"], "consent": "analytics_storage=denied"}
    more = {"url": PAGE, "ref": f"https://search.example/?to={PAGE}", "match": {"email": HASH, "fbp": PERSON["cookie"]}}
    sale = {"type": "conversion", "name": "purchase", "order": "A-1", "value": "29.90"}
    hits = [{**own, **more}, {**own, **more, **sale}, {**own, "type": "conversion", "name": "unknown"}]
    for body in (hits, {**own, **more, "consent": 5}, {**own, **more, "consent": {"analytics_storage": "maybe"}}):
        assert requests.post(f"{tracker.url}/collect", json=body, headers=HEADERS, timeout=30).status_code == 200
    query = {**own, **more, "match": json.dumps(more["match"])}
    for path in ("collect", "pixel.gif"):
        assert requests.get(f"{tracker.url}/{path}", query, headers=HEADERS, timeout=30).status_code == 200
    # A page hit without a url takes the request's referrer.
    bare = {"site": site, "consent": "denied"}
    referred = {**HEADERS, "Referer": PAGE}
    assert requests.get(f"{tracker.url}/pixel.gif", bare, headers=referred, timeout=30).status_code == 200
    ad = f"{tracker.url}/click/{site}/{account['ad']}"
    given = {"to": "", "consent": "denied", "gclid": PERSON["click id"]}
    answer = requests.get(ad, given, headers=HEADERS, timeout=30, allow_redirects=False)
    assert answer.status_code in (302, 404)
    refuse(tracker, account, {**own, **more})


def refuse(tracker: Tracker, account: dict[str, Any], hit: dict[str, Any]) -> None:
    """Send refused requests of every kind. Refusals must not leave the person's ids anywhere, either."""
    text = json.dumps(hit)
    query = f"site={account['site']}&" + "&".join(f"{name}={PERSON['visitor']}" for name in hit) + "&p.a=1" * 300
    for body in ({**hit, "ts": 5}, [{**hit, "id": "a b"}] * 3, {**hit, "visitor": f"{PERSON['visitor']} {HASH}"}):
        assert requests.post(f"{tracker.url}/collect", json=body, headers=HEADERS, timeout=30).status_code == 400
    for broken in (text[:-1], f"[{text}, {text[:-9]}"):
        assert requests.post(f"{tracker.url}/collect", data=broken, headers=HEADERS, timeout=30).status_code == 400
    for path in (f"collect?{query}", f"pixel.gif?{query}", "collect?site=unknown"):
        answer = requests.get(f"{tracker.url}/{path}", {**hit, "site": "unknown"}, headers=HEADERS, timeout=30)
        assert answer.status_code in (400, 404)
    wait_for_samples(tracker, account, {"bad_ts", "bad_id", "bad_visitor", "bad_json", "bad_query"})


def wait_for_samples(tracker: Tracker, account: dict[str, Any], codes: set[str]) -> None:
    """Wait until the counts of refused hits are written, with their samples."""
    token = {"Authorization": f"Bearer {account['report_token']}"}
    counts: dict[str, int] = {}
    deadline = time.monotonic() + 6 * WRITE_SECONDS
    while codes - set(counts):
        assert time.monotonic() < deadline, counts
        time.sleep(0.5)
        answer = requests.get(f"{tracker.url}/api/rejected", {"site": account["site"]}, headers=token, timeout=30)
        counts = answer.json()["refused"]["counts"]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the uncompressed bytes of each file."""
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            yield str(path), gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def found(places: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Return the places that hold something of the person."""
    return [(what, place) for place, body in places for what, text in PERSON.items() if text.encode() in body]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[tuple[Tracker, dict[str, Any]]]:
    """An embedded tracker that gets the client's address from a proxy."""
    with Tracker(tmp_path, BEHIND_A_PROXY) as tracker:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap("--domain", "shop.example")
        tracker.start("web")
        yield tracker, account


def test_archive_store_and_logs_hold_nothing_that_identifies_the_person(
    embedded: tuple[Tracker, dict[str, Any]],
) -> None:
    tracker, account = embedded
    visit(tracker, account)
    tracker.manage("rollup")
    tracker.stop()
    everything = dict(files(tracker.state))
    assert found(iter(everything.items())) == []
    # The search works: the sale itself is there.
    assert any(b'"order":"A-1"' in body for body in everything.values())
    assert any(b"PersonsBrowser" in body or b"denied" in body for body in everything.values())


def test_with_consent_the_same_search_finds_everything(embedded: tuple[Tracker, dict[str, Any]]) -> None:
    tracker, account = embedded
    own = {"site": account["site"], "visitor": PERSON["visitor"], "user": PERSON["user"], "url": PAGE}
    match = {"email": HASH, "fbp": PERSON["cookie"]}
    requests.post(f"{tracker.url}/collect", json={**own, "match": match}, headers=HEADERS, timeout=30)
    tracker.stop()
    assert {what for what, _ in found(files(tracker.state))} == set(PERSON)


def test_a_site_that_denies_by_default_keeps_nothing_without_a_signal(
    embedded: tuple[Tracker, dict[str, Any]],
) -> None:
    tracker, account = embedded
    change = f"from tracker.models import Site; s = Site.objects.get(key='{account['site']}')"
    tracker.manage("shell", "-c", f"{change}; s.denied_signals = ['analytics_storage']; s.save()")
    tracker.kill("web")
    tracker.start("web")
    own = {"site": account["site"], "visitor": PERSON["visitor"], "user": PERSON["user"], "url": PAGE}
    for body in (own, [own, own]):
        requests.post(f"{tracker.url}/collect", json=body, headers=HEADERS, timeout=30)
    requests.get(f"{tracker.url}/click/{account['site']}/{account['ad']}", headers=HEADERS, allow_redirects=False)
    tracker.stop()
    assert found(files(tracker.state)) == []


def test_a_later_grant_does_not_identify_earlier_hits(embedded: tuple[Tracker, dict[str, Any]]) -> None:
    tracker, account = embedded
    own = {"site": account["site"], "visitor": "v1", "url": PAGE}
    sale = {**own, "type": "conversion", "name": "purchase", "order": "A-1", "value": "29.90"}
    requests.post(f"{tracker.url}/collect", json={**own, "consent": "denied"}, timeout=30)
    requests.post(f"{tracker.url}/collect", json={**sale, "consent": "granted"}, timeout=30)
    token = {"Authorization": f"Bearer {account['report_token']}"}
    answer = requests.get(
        f"{tracker.url}/api/conversions", {"site": account["site"], "order": "A-1"}, headers=token, timeout=30
    )
    (sale_found,) = answer.json()["results"]
    assert (sale_found["visitor"], sale_found["touches"]) == ("v1", [])


@pytest.mark.services
def test_queue_archive_store_and_logs_of_services_hold_nothing_that_identifies_the_person(tmp_path: Path) -> None:
    for name in ("BROKER_URL", "CASSANDRA_URL"):
        needs(name)
    services = services_of(os.environ)
    keyspace, prefix = f"consent_{uuid4().hex[:8]}", uuid4().hex[:8]
    services["CASSANDRA_URL"] = services["CASSANDRA_URL"].rpartition("/")[0] + f"/{keyspace}"
    services["ARCHIVE_URL"] = f"{services['ARCHIVE_URL'].rstrip('/')}/{prefix}"
    with own_queues(services) as env, Tracker(tmp_path, {**env, **BEHIND_A_PROXY}) as tracker:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap("--domain", "shop.example")
        tracker.start("web")
        visit(tracker, account)
        messages = list(queued(env))
        assert messages
        assert found(iter(messages)) == []
        tracker.start("worker")
        tracker.manage("rollup", "--wait", "60")
        tracker.stop()
        rows, objects = list(tables(services["CASSANDRA_URL"], keyspace)), list(archived(services, prefix))
        assert any(b"A-1" in body for _, body in rows)
        assert any(b"A-1" in body for _, body in objects)
        assert found(iter([*rows, *objects, *files(tmp_path)])) == []


def queued(env: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the waiting messages, which stay in the queue."""
    with Connection(env["BROKER_URL"]) as broker:
        channel = broker.channel()
        while message := channel.basic_get(f"{env['QUEUE_PREFIX']}hits"):
            body = message.body
            yield "queue", body if isinstance(body, bytes) else body.encode()
        channel.close()


def tables(url: str, keyspace: str) -> Iterator[tuple[str, bytes]]:
    """Yield every row of the store. Drop the keyspace afterwards."""
    place = urlsplit(url)
    with Cluster([place.hostname], port=place.port or 9042) as cluster:
        session = cluster.connect()
        for table in cluster.metadata.keyspaces[keyspace].tables:
            for row in session.execute(f"SELECT * FROM {keyspace}.{table}"):
                text = b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                yield table, text
        session.execute(f"DROP KEYSPACE {keyspace}", timeout=60)


def archived(services: dict[str, str], prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the uncompressed bytes of every object in the archive."""
    s3 = boto3.client("s3", endpoint_url=services.get("S3_ENDPOINT_URL") or None)
    bucket = urlsplit(services["ARCHIVE_URL"]).netloc
    root = urlsplit(services["ARCHIVE_URL"]).path.strip("/")
    assert root.endswith(prefix)
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=root).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        yield entry["Key"], gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
