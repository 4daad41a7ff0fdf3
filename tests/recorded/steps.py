"""Steps: the steps of the recorded tests at a fixed time: configure, send, replay, roll up."""

import gzip
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from django.core.management import call_command
from django.test import Client

from tests.recorded.files import DATA, Record
from tests.recorded.product import forget_cached_sites

#: The instant (ms) of the rollup and the questions: noon of 2026-11-20 (UTC). September and October are over.
NOW = 1_795_176_000_000
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
#: The headers that are compared.
TELLING = ("Location", "X-Hit-Error", "Allow", "WWW-Authenticate")
#: Ids that the tracker draws at random.
DRAWN = re.compile(r"(?<=hl_click=)[\w-]{44}")


@contextmanager
def clock_at(at: int) -> Iterator[None]:
    """Stop the product's clock at an instant (ms). The database's clock goes on; it orders rollups."""
    with patch.object(time, "time_ns", lambda: at * 1_000_000):
        yield


def configure(name: str) -> None:
    """Load the recorded `configuration`, or the `changes` of it that come after all hits."""
    call_command("loaddata", DATA / f"{name}.json", verbosity=0)
    forget_cached_sites()


def send(requests: Iterable[Record]) -> list[Record]:
    """Send requests, each at its recorded time; return the answers."""
    client, answers, pages = Client(), [], dict[str, str]()
    for request in requests:
        with clock_at(request["at"]):
            answer = send_one(client, request, pages)
        if name := request.get("name"):
            pages[name] = str(answer["headers"].get("Location", ""))
        answer["headers"] = {key: DRAWN.sub("(drawn)", text) for key, text in answer["headers"].items()}
        answers.append(answer)
    return answers


def send_one(client: Client, request: Record, pages: dict[str, str]) -> Record:
    """Send one request. `pages`: name of an earlier click -> the address that it led to."""
    body = re.sub(r"\{(click-\w+)\}", lambda found: pages[found[1]], request.get("body", "")).encode()
    headers = {"user-agent": PHONE, **request.get("headers", {})}
    if request.get("gzip"):
        body, headers["content-encoding"] = gzip.compress(body, mtime=0), "gzip"
    answer = client.generic(
        request.get("method") or ("POST" if body else "GET"),
        request["path"],
        body,
        request.get("type", ""),
        headers=headers,
        QUERY_STRING=request.get("query", ""),
        REMOTE_ADDR=request.get("address", "198.51.100.1"),
    )
    said = {name: answer.headers[name] for name in TELLING if name in answer.headers}
    return {"status": answer.status_code, "headers": said, "body": answer.content.decode("latin-1")}


def read_archive(folder: Path) -> list[Record]:
    """Return the objects of an archive's folder: the key and the lines of each."""
    files = sorted(folder.glob("[0-9]*/*/*/*/*.jsonl.gz"))
    return [
        {"key": file.relative_to(folder).as_posix(), "lines": gzip.decompress(file.read_bytes()).decode()}
        for file in files
    ]


def fill_archive(folder: Path, objects: Iterable[Record]) -> None:
    """Write recorded objects to an archive's folder."""
    for one in objects:
        file = folder / one["key"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(one["lines"].encode(), mtime=0))


def comparable(objects: Iterable[Record], requests: Iterable[Record]) -> list[str]:
    """Return archived hits without their random parts: ids that nobody sent, derived visitor ids, signatures."""
    sent = "\n".join(request.get("body", "") + request.get("query", "") for request in requests)
    known = set(re.findall(r"[\w-]+", sent))
    found = []
    for line in "".join(one["lines"] for one in objects).splitlines():
        hit = json.loads(line)
        drawn = {name: "(drawn)" for name in ("id", "visitor") if hit[name] not in known}
        found.append(DRAWN.sub("(drawn)", json.dumps({**hit, **drawn})))
    return sorted(found)


def replay_under(*configurations: str) -> None:
    """Replay the archive under each configuration in turn, then roll up."""
    for name in configurations:
        configure(name)
        with clock_at(NOW):
            call_command("replay", stdout=StringIO())


def roll_up_all() -> None:
    """Roll up all hours again, and make the fits of each month."""
    with clock_at(NOW):
        call_command("rollup", "--from", "2026-01-01", "--wait", "0", stdout=StringIO())
