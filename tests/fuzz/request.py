"""Request: makes random requests as bytes, each with the ids of the hits that it certainly contains."""

import gzip
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.fuzz.addresses import HOLES, Address
from tests.fuzz.oddities import HIT, TYPES, mangled, text, value, word

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW")
SUFFIXES = ("/", "//", "%00", "/é", "?", "#x")
MEDIA = (
    "application/json",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "",
    "multipart/form-data",
    "x/y",
)
HEADERS = (
    *("User-Agent", "Referer", "Origin", "X-Forwarded-For", "X-Forwarded-Proto", "Cookie", "Accept", "Authorization"),
    *("Accept-Language", "If-None-Match", "If-Modified-Since", "Range", "Content-Encoding", "Content-Type"),
    *("Sec-GPC", "Sec-Purpose", "Expect"),
)


@dataclass(frozen=True)
class Fuzzed:
    """A request. `ids`: index of each hit -> its id; empty if the request may contain other hits.

    A client that sends less than it announced closes the connection.
    """

    method: str
    path: str
    head: bytes
    body: bytes = b""
    ids: Mapping[int, str] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def sent(self) -> bytes:
        """The bytes that are sent."""
        return self.head + self.body


@dataclass(frozen=True)
class Maker:
    """Makes requests to the given addresses, with keys that the tracker knows."""

    addresses: Sequence[Address]
    known: Mapping[str, str]

    def make(self, rng: random.Random, number: int) -> Fuzzed:
        """Make a request. Its number is part of the ids of its hits."""
        address = rng.choices(self.addresses, [one.weight for one in self.addresses])[0]
        method = rng.choice(METHODS if rng.random() < 0.15 else address.methods)
        path = HOLES.sub(lambda hole: self.key(rng, hole[1]), address.path)
        path += rng.choice(SUFFIXES) if rng.random() < 0.1 else ""
        names = [*address.names, *HIT]
        if method == "POST" and rng.random() < 0.9:
            return self.with_body(rng, number, path)
        hit = self.hit(rng, number, names)
        ids = {0: hit["id"]} if is_plain(hit.get("id")) and method == "GET" else {}
        return Fuzzed(method, path, self.head(rng, method, f"{path}?{query(hit)}"), ids=ids)

    def with_body(self, rng: random.Random, number: int, path: str) -> Fuzzed:
        """Make a request with a body: an object, an array or a form, perhaps mangled or with another Content-Type."""
        is_whole = True
        hits = [self.hit(rng, f"{number}-{n}", HIT) for n in range(rng.choice((1, 1, 1, 2, 5, 60)))]
        ids = {n: hit["id"] for n, hit in enumerate(hits) if is_plain(hit.get("id"))}
        media = rng.choice(MEDIA[:3])
        if media == MEDIA[2]:
            body, ids = query(hits[0]).encode(), {n: one for n, one in ids.items() if n == 0}
        else:
            body = json.dumps(hits[0] if len(hits) == 1 else hits).encode()
        headers = {"Content-Type": media, "Content-Length": str(len(body))}
        if rng.random() < 0.2:
            body = gzip.compress(body)
            headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
        if rng.random() < 0.3:
            body, ids = mangled(rng, body), {}
            headers["Content-Length"] = str(length := rng.choice((len(body), len(body), len(body) + 5, 10**9, -1)))
            is_whole = length <= len(body)
        if rng.random() < 0.1:
            headers["Content-Type"] = rng.choice(MEDIA)
        if rng.random() < 0.1:
            headers = {"Content-Type": media, "Transfer-Encoding": "chunked"}
            end = rng.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"zz", b""))
            body, ids, is_whole = b"%x\r\n%s\r\n" % (len(body), body) + end, {}, end != b""
        return Fuzzed("POST", path, self.head(rng, "POST", path, headers), body, ids, is_whole)

    def hit(self, rng: random.Random, number: int | str, names: Sequence[str]) -> dict[str, Any]:
        """Return the parameters of a valid hit in which some values are odd."""
        hit: dict[str, Any] = {"site": self.known["site"], "type": rng.choice(TYPES), "id": f"fuzz-{number}"}
        for name in rng.choices(names, k=rng.randrange(8)):
            hit[name] = value(rng) if rng.random() < 0.5 else self.key(rng, name)
        if rng.random() < 0.2:
            hit[word(rng)] = value(rng)
        return hit

    def key(self, rng: random.Random, name: str) -> str:
        """Return a value for a parameter in an address, mostly a known one."""
        if name in self.known and rng.random() < 0.7:
            return self.known[name]
        return quote(text(rng)[:500], safe="", errors="surrogatepass")

    def head(self, rng: random.Random, method: str, target: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the request line and the headers."""
        given = {"Host": "127.0.0.1", "Connection": "close"}
        if rng.random() < 0.2:
            given["Authorization"] = f"Bearer {rng.choice((self.known['ingest'], self.known['report'], 'wrong'))}"
        for name in rng.choices(HEADERS, k=rng.choice((0, 0, 1, 3))):
            given[name] = text(rng)[:4000].replace("\r", "").replace("\n", "")
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {line}" for name, line in {**given, **(headers or {})}.items()),
        ]
        return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n"


def is_plain(one: Any) -> bool:
    """Whether a hit still has the id that it was given, and not an odd value."""
    return isinstance(one, str) and one.startswith("fuzz-")


def query(hit: Mapping[str, Any]) -> str:
    """Write a hit as a query string or a form."""
    texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in hit.items()}
    return "&".join(f"{quote_plain(name)}={quote_plain(one)}" for name, one in texts.items())


def quote_plain(one: str) -> str:
    return quote(one, safe="", errors="surrogatepass")
