"""Scenario: random hits of a site with every kind of clash, and changes of its configuration."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from conversions.facts.handover import Handover, hand_over
from conversions.rules.goals import Counting
from conversions.rules.rates import Quote
from conversions.units.clock import DAY_MS
from tracker.collection.hit import AdjustmentKind, Hit

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
OWN_ADDRESS = "203.0.113.7"
MINUTE = 60_000
HOUR = 60 * MINUTE
#: Timezones whose days and hours begin at odd times, and instants near a change of their clocks.
CLOCKS = [
    ("UTC", 1_780_000_000_000),
    ("Europe/Berlin", 1_792_879_200_000),  # 2026-10-25, the clock goes back
    ("Asia/Kolkata", 1_780_000_000_000),  # +05:30
    ("Australia/Lord_Howe", 1_791_041_400_000),  # 2026-10-04, half an hour forward
]
#: Instants three hours before a month's end. The fit of that month divides the credit of the next.
EDGES = [
    ("UTC", 1_793_480_400_000),
    ("Asia/Kathmandu", 1_793_459_700_000),  # +05:45
    ("America/New_York", 1_793_494_800_000),  # the clock goes back two hours after the month begins
]
URLS = [
    *("", "https://s.example/?utm_source=google&utm_campaign=x", "https://s.example/?gclid=G1", "https://s.example/p"),
    "https://s.example/?a=1&amp;fbclid=F1?gclid=G1#utm_source=news",
]
#: A referrer with the same campaign parameters on another site.
OTHER_HOST = "https://t.example/?gclid=G1"


@dataclass(frozen=True)
class Pools:
    """The ids and kinds from which hits are drawn. Small pools make many clashes."""

    hours: int
    visitors: str
    orders: list[str]
    kinds: list[str]
    goals: list[str]
    #: The users. If empty, nobody signs in. Then no link hides a fault by marking an hour that another fact should have
    #: marked.
    users: str
    #: The click ids that conversions and adjustments may name. If empty, they name none.
    clicks: list[str]


KINDS = ["click", "click", "view", "page", "conversion", "conversion", "event", "adjustment"]


def make_pools(rng: random.Random) -> Pools:
    """Draw each pool, small or large."""
    return Pools(
        hours=rng.choice([2, 6, 48]),
        visitors=rng.choice(["AB", "ABC"]),
        orders=rng.choice([["o1"], ["", "o1"], ["", "o1", "o2"]]),
        goals=rng.choice([["buy", "once", "per_click"], ["once"], ["per_click"]]),
        kinds=rng.choice([KINDS, ["click", "conversion"], ["conversion", "conversion", "adjustment", "click"]]),
        users=rng.choice(["", "X", "XY", "XYZ"]),
        clicks=rng.choice([[], [], ["G1"], ["G1", "F1"], ["", "G1", "nobody's"]]),
    )


@dataclass
class Scenario:
    """A random scenario. From `change_at` (ms) on, the second version of the goal `buy` applies."""

    timezone: str
    start: int
    change_at: int
    hits: list[Hit]
    #: The tables of exchange rates that are loaded during the run, in this order.
    tables: list[list[Quote]]


def moment(rng: random.Random, start: int, hours: int) -> int:
    """Return an instant within some hours, often at the edge of an hour or a day."""
    edge = start - start % HOUR + rng.randrange(0, hours) * HOUR
    day_before = DAY_MS if rng.random() < 0.1 else 0  # the length of a window
    return edge + rng.choice([-1, 0, 1, -30 * MINUTE, 10 * MINUTE, 30 * MINUTE]) - day_before


def make_hit(rng: random.Random, site: str, start: int, pools: Pools) -> Hit:
    """Make a random hit. Ids, visitors and orders come from small pools, and therefore clash."""
    at = moment(rng, start, pools.hours)
    kind = rng.choice(pools.kinds)
    common: dict[str, Any] = {
        "id": f"h{rng.randrange(9)}" if rng.random() < 0.5 else f"u{rng.randrange(10**9)}",
        "site": site,
        "type": kind,
        "at": at,
        "received": at,
        "visitor": rng.choice(pools.visitors),
    }
    if kind in ("click", "view"):
        return Hit(**common, ad=rng.choice(["one", "two", "stray", ""]), url=rng.choice(URLS))
    if kind == "page":
        return Hit(**common, url=rng.choice(URLS), ref=rng.choice([*URLS, OTHER_HOST]) if rng.random() < 0.5 else "")
    if kind == "event":
        return Hit(**common, name="lead")
    if kind == "adjustment":
        change: AdjustmentKind = rng.choice(["retract", "restate", "refund", "restore"])
        value = None if change in ("retract", "restore") else rng.randrange(1, 20) * 1_000_001
        return Hit(**common, order=rng.choice(pools.orders) or "o1", kind=change, value=value)
    return Hit(**common, name=rng.choice(pools.goals), order=rng.choice(pools.orders), value=rng.randrange(99_999_999))


def make_click(rng: random.Random, site: str, secret: str, start: int, hours: int) -> list[Hit]:
    """Make a click of `/click`, and some hits of its landing page: reloaded, shared, early, late or forged.

    The click or the landing may be missing.
    """
    ad, click_id, at = rng.choice(["one", "two", "stray"]), f"{rng.randrange(16**32):032x}", moment(rng, start, hours)
    common: dict[str, Any] = {"site": site, "received": at}
    visitor = rng.choice(["stand-in", "stand-in", "A"])
    click = Hit(**common, id=click_id, type="click", at=at, visitor=visitor, ad=ad, issued=rng.random() < 0.8)
    landings = []
    for _ in range(rng.randrange(4)):
        key = secret if rng.random() < 0.8 else "forged"
        url = hand_over(rng.choice(URLS[1:]), Handover(ad, click_id, at), site, key)
        landed_at = at + rng.choice([-900, 0, 300, 300, HOUR, DAY_MS, DAY_MS + 1])
        hit_id = f"h{rng.randrange(9)}" if rng.random() < 0.3 else f"l{rng.randrange(10**9)}"
        landings.append(Hit(**common, id=hit_id, type="page", at=landed_at, visitor=rng.choice("ABC"), url=url))
    return [*landings, click] if rng.random() < 0.8 else landings


def make_journeys(rng: random.Random, site: str, start: int, pools: Pools) -> list[Hit]:
    """Make people who click one or more ads within an hour, and buy or don't. The data-driven models learn from
    them."""
    hits = []
    goal = rng.choice(pools.goals)
    for _ in range(rng.randrange(6, 14)):
        at, visitor = start + rng.randrange(6 * HOUR), rng.choice("ABCDEF")
        journey = [{"type": "click", "ad": rng.choice(["one", "two", "stray"])} for _ in range(rng.randrange(1, 4))]
        journey += [{"type": "conversion", "name": goal}] if rng.random() < 0.6 else []
        for n, step in enumerate(journey):
            then = {"at": at + n * 5 * MINUTE, "received": at}
            hits.append(Hit(id=f"j{rng.randrange(10**9)}", site=site, visitor=visitor, **then, **step))  # type: ignore[arg-type]
    return hits


def by_click(rng: random.Random, hit: Hit, pools: Pools, issued: list[str]) -> Hit:
    """Return the conversion or adjustment as a partner sends it: with a click id, often without order and visitor."""
    known = [*pools.clicks, *(rng.sample(issued, 1) if issued and pools.clicks else [])]
    if not known or hit.type not in ("conversion", "adjustment") or rng.random() < 0.3:
        return hit
    order = hit.order if rng.random() < 0.5 else ""
    visitor = hit.visitor if rng.random() < 0.2 else f"of {hit.id}"
    return msgspec.structs.replace(hit, click=rng.choice(known), order=order, visitor=visitor)


def with_consent(rng: random.Random, hit: Hit) -> Hit:
    """Return the hit, perhaps with consent signals."""
    signals = {signal: rng.choice(["granted", "denied"]) for signal in ("analytics_storage", "ad_storage")}
    return msgspec.structs.replace(hit, consent=signals, match={"fbp": "fb.1.2.3"})


def make_logins(rng: random.Random, site: str, start: int, pools: Pools) -> list[Hit]:
    """Make hits that only link a visitor to a user."""
    found = []
    for n in range(rng.choice([0, 1, 3, 6]) if pools.users else 0):
        at, user = moment(rng, start, pools.hours), rng.choice(pools.users)
        common: dict[str, Any] = {"site": site, "at": at, "received": at, "visitor": rng.choice(pools.visitors)}
        found.append(Hit(**common, id=f"in{n}", type="event", name="login", user=user))
    return found


def signed_in(rng: random.Random, hit: Hit, pools: Pools) -> Hit:
    """Return the hit, perhaps with a user, or with an id that stands for nobody."""
    if not pools.users or rng.random() < 0.7:
        return hit
    return msgspec.structs.replace(hit, user=rng.choice([*pools.users, *pools.users, "undefined"]))


def altered(rng: random.Random, hit: Hit, start: int, pools: Pools) -> Hit:
    """Return a copy of a hit that differs only in its time, its visitor or its user."""
    if rng.random() < 0.3:
        return msgspec.structs.replace(hit, visitor=rng.choice(pools.visitors))
    if hit.issued and rng.random() < 0.3:
        return msgspec.structs.replace(hit, visitor=rng.choice(pools.visitors), issued=False)
    if pools.users and rng.random() < 0.3:
        return msgspec.structs.replace(hit, user=rng.choice(["", *pools.users]))
    return msgspec.structs.replace(hit, at=moment(rng, start, pools.hours))


def make_scenario(rng: random.Random, site: str, secret: str, timezone: str, start: int, least: int = 1) -> Scenario:
    """Make a scenario of `least` to about 25 hits, and more for clicks and journeys. `secret` signs the site's
    clicks."""
    pools = make_pools(rng)
    hits = [make_hit(rng, site, start, pools) for _ in range(rng.randrange(least, 25))]
    for _ in range(rng.choice([0, 1, 2, 4])):
        hits.extend(make_click(rng, site, secret, start, pools.hours))
    if (timezone, start) in EDGES:
        hits.extend(make_journeys(rng, site, start, pools))
    issued = [hit.id for hit in hits if hit.issued]
    hits = [by_click(rng, hit, pools, issued) for hit in hits]
    hits = [*(signed_in(rng, hit, pools) for hit in hits), *make_logins(rng, site, start, pools)]
    hits.extend([altered(rng, hit, start, pools) for hit in hits if rng.random() < 0.15])
    tables = make_tables(rng, start) if rng.random() < 0.5 else []
    if tables:
        hits = [in_some_currency(rng, hit) for hit in hits]
    hits = [as_sent(rng, hit) for hit in hits]
    hits = [disguise(rng, hit) if rng.random() < 0.08 else hit for hit in hits]
    hits = [with_consent(rng, hit) if rng.random() < 0.08 else hit for hit in hits]
    return Scenario(timezone, start, start + rng.randrange(0, pools.hours * HOUR), hits, tables)


def as_sent(rng: random.Random, hit: Hit) -> Hit:
    """Return the hit, perhaps as sent by a server or with an unreadable amount."""
    if hit.type not in ("conversion", "adjustment"):
        return hit
    hit = msgspec.structs.replace(hit, trusted=rng.random() < 0.4)
    if hit.type == "adjustment" or rng.random() < 0.9:
        return hit
    return msgspec.structs.replace(hit, value=None, currency="", unread={"value": "1,299"})


def in_some_currency(rng: random.Random, hit: Hit) -> Hit:
    """Return the hit, perhaps in another currency. An adjustment may come when the rates of its order are too old."""
    if hit.value is None:
        return hit
    later = rng.choice([0, 10 * DAY_MS, 10 * DAY_MS]) if hit.type == "adjustment" else 0
    currency = rng.choice(["", "USD", "GBP", "GBP", "JPY"])
    return msgspec.structs.replace(hit, currency=currency, at=hit.at + later)


def make_tables(rng: random.Random, start: int) -> list[list[Quote]]:
    """Make tables of exchange rates for days around the scenario: direct and inverse quotes, and quotes by a third
    currency. Some correct others."""
    first = datetime.fromtimestamp(start / 1000, UTC).date()
    pairs = [
        ("GBP", "USD"),
        ("USD", "GBP"),
        ("EUR", "USD"),
        ("EUR", "GBP"),
        ("EUR", "JPY"),
        ("CHF", "USD"),
        ("CHF", "GBP"),
    ]
    tables = [
        [
            Quote(str(first + timedelta(days=day)), *pair, rng.randrange(1, 3 * 10**12))
            for day in rng.sample(range(-9, 4), rng.randrange(1, 5))
            for pair in rng.sample(pairs, rng.randrange(1, 4))
        ]
        for _ in range(rng.randrange(3))
    ]
    late = Quote(str(first + timedelta(days=9)), "GBP", "USD", rng.randrange(1, 3 * 10**12))
    return [*tables, [late]]


def disguise(rng: random.Random, hit: Hit) -> Hit:
    """Return the hit, perhaps as a crawler's, a prefetch, or the account's own traffic."""
    kinds: list[dict[str, Any]] = [{"ua": GOOGLEBOT}, {"prefetch": True}, {"ip": OWN_ADDRESS}]
    return msgspec.structs.replace(hit, **rng.choice(kinds))


def split_batches(rng: random.Random, hits: list[Hit]) -> list[list[Hit]]:
    """Divide the hits into batches: in random order, some hits twice."""
    again, most = rng.choice([0.0, 0.3]), rng.choice([1, 2, 5])
    sent = [*hits, *(hit for hit in hits if rng.random() < again)]
    rng.shuffle(sent)
    batches = []
    while sent:
        size = rng.randrange(1, most + 1)
        batches.append(sent[:size])
        sent = sent[size:]
    return batches


def counting(rng: random.Random) -> Counting:
    """Return how the goal `once` counts after its change."""
    return rng.choice(["every", "once", "click"])
