"""Plan: a seeded list of requests, whose hits clash in every known way.

Hits belong to small worlds with separate visitors, orders and ids. Each world can be recomputed alone.
"""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from tracker.collection.hit import AdjustmentKind, Hit

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WORLD_HITS = 50
URLS = [
    "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=autumn",
    "https://shop.example/?utm_source=google&utm_campaign=brand&gclid=G{n}",
    "https://shop.example/?fbclid=F{n}",
    "https://shop.example/p/1",
    "https://shop.example/welcome/{n}",
]
KINDS = ["click"] * 5 + ["view"] * 2 + ["page"] * 6 + ["conversion"] * 4 + ["event"] + ["adjustment"] * 2
#: Names of conversions. No goal has the last one; its hits must be listed as rejected.
CONVERSIONS = ["purchase"] * 6 + ["signup"] * 3 + ["nothing"]

#: The hits of one request; several are sent as an array.
Request = tuple[Hit, ...]


def moment(rng: random.Random, now: int) -> int:
    """Return a random instant of the last five days, often at the edge of an hour or a day."""
    edge = now - now % HOUR - rng.randrange(0, 120) * HOUR
    return edge - rng.choice([0, 1, 30 * MINUTE, rng.randrange(HOUR)])


def make_hit(rng: random.Random, site: str, world: str, now: int) -> Hit:
    """Make a random hit of a world."""
    kind = rng.choice(KINDS)
    at = moment(rng, now)
    clashes = rng.random() < 0.15
    common: dict[str, Any] = {
        "id": f"{world}.s{rng.randrange(4)}" if clashes else f"{world}.{rng.getrandbits(48):x}",
        "site": site,
        "type": kind,
        "at": at,
        "received": 0,
        "visitor": f"{world}.v{rng.randrange(6)}",
        "url": rng.choice(URLS).format(n=f"{world}.{rng.randrange(9)}") if kind in ("page", "click") else "",
    }
    order = rng.choice(["", f"{world}.o1", f"{world}.o2", f"{world}.o3"])
    value = rng.randrange(1, 500_000_000)
    if kind in ("click", "view"):
        return Hit(**common, ad=rng.choice(["demo-ad", "banner", "stray", ""]))
    if kind == "conversion":
        return Hit(**common, name=rng.choice(CONVERSIONS), order=order, value=rng.choice([None, value]))
    if kind == "event":
        return Hit(**common, name=rng.choice(["purchase", "scroll"]), order=order, value=value)
    if kind == "adjustment":
        change: AdjustmentKind = rng.choice(["retract", "restate", "refund"])
        return Hit(**common, order=order or f"{world}.o1", kind=change, value=None if change == "retract" else value)
    return Hit(**common)


def make_hits(rng: random.Random, site: str, count: int, now: int) -> Iterator[Hit]:
    """Make `count` hits in several worlds. The hits of a few worlds at a time are shuffled, as on a real site."""
    run = f"{rng.getrandbits(32):x}"
    for first in range(0, count, 8 * WORLD_HITS):
        size = min(8 * WORLD_HITS, count - first)
        hits = [make_hit(rng, site, f"{run}.{first + n // WORLD_HITS}", now) for n in range(size)]
        rng.shuffle(hits)
        yield from hits


def make_requests(rng: random.Random, site: str, count: int, now: int) -> list[Request]:
    """Divide the hits into requests: single hits and arrays."""
    hits = list(make_hits(rng, site, count, now))
    requests = []
    while hits:
        size = 1 if rng.random() < 0.7 else rng.randrange(2, 30)
        requests.append(tuple(hits[:size]))
        hits = hits[size:]
    return requests


def parameters(hit: Hit) -> dict[str, Any]:
    """Convert a hit to the parameters that a client sends."""
    given = {"site": hit.site, "type": hit.type, "id": hit.id, "ts": hit.at, "visitor": hit.visitor}
    optional = {"name": hit.name, "url": hit.url, "ad": hit.ad, "order": hit.order, "kind": hit.kind or ""}
    amount = {} if hit.value is None else {"value": f"{hit.value // 1_000_000}.{hit.value % 1_000_000:06d}"}
    return {**given, **{name: value for name, value in optional.items() if value}, **amount}


def identity(hit: Hit) -> bytes:
    """Return what a client knows of a hit, by which it is found again in the archive."""
    return msgspec.json.encode(msgspec.structs.replace(hit, received=0, ip="", ua="", unchecked=False))
