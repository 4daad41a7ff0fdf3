"""Traffic: two months of requests of people, shops and crawlers to three sites, always the same.

Each record is a request, in the order of receipt; `tests/recorded/steps.py` sends them. Times are ms.
"""

import json
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

BERLIN, KOLKATA, HOWE = "rec-berlin", "rec-kolkata", "rec-howe"
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
OWN_ADDRESS = "203.0.113.5"

Hit = dict[str, Any]
Request = dict[str, Any]

#: Busy hours of the Berlin shop. On 25 October the clock goes back, and 02:00 to 03:00 comes twice.
SEPTEMBER = ["2026-09-03T09", "2026-09-03T20", "2026-09-10T09", "2026-09-17T20", "2026-09-24T09", "2026-09-30T23"]
OCTOBER = [
    *("2026-10-01T00", "2026-10-05T09", "2026-10-05T20", "2026-10-12T00", "2026-10-13T20", "2026-10-19T09"),
    *("2026-10-25T02", "2026-10-25T03", "2026-10-31T23", "2026-11-01T00"),
]
#: Touches of the Berlin shop: parameters of a click or a view, or the query of a landing page.
CHANNELS: list[Hit] = [
    {"type": "click", "ad": "banner-a"},
    {"type": "click", "ad": "banner-a"},
    {"type": "view", "ad": "banner-a"},
    {"type": "view", "ad": "video"},
    {"type": "page", "tags": "utm_source=google&utm_medium=cpc&utm_campaign=autumn&gclid=G-{n}"},
    {"type": "page", "tags": "utm_source=newsletter&utm_medium=email&utm_campaign=weekly"},
    {"type": "page", "tags": "fbclid=F-{n}"},
    {"type": "page", "tags": "utm_source=bing&utm_medium=cpc&utm_campaign=autumn&msclkid=M-{n}&utm_term=sch%C3%B6n"},
]


def ms(instant: str) -> int:
    """Convert an instant (ISO 8601 with an offset) to ms."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def berlin(hour: str, minutes: int = 0) -> int:
    """Return the instant some minutes after an hour in Berlin, such as 2026-10-05T09. If the hour comes twice, the
    first one is meant."""
    zone = "+02:00" if hour < "2026-10-25T03" else "+01:00"
    return ms(f"{hour}:00{zone}") + minutes * MINUTE


class Traffic:
    """The requests made so far, with random numbers that are the same each time."""

    def __init__(self) -> None:
        self.dice = random.Random(11)
        self.requests: list[Request] = []
        self.number = 0

    def new(self, prefix: str) -> str:
        """Return an id that no other hit or order has."""
        self.number += 1
        return f"{prefix}-{self.number:03}"

    def hit(self, at: int, visitor: str, **more: Any) -> Hit:
        """Make a hit of the Berlin shop's pages, with a unique id."""
        return {"site": BERLIN, "id": self.new("h"), "ts": at, "visitor": visitor, **more}

    def request(self, at: int, path: str = "/collect", **more: Any) -> None:
        """Add a request that is received at an instant."""
        self.requests.append({"at": at, "path": path, **more})

    def browser(self, at: int, *hits: Hit, **more: Any) -> None:
        """Add a request of a page, in one of the forms that pages use. A browser sends several hits together if it kept
        some."""
        said = [{**hit, "sent": at} for hit in hits]
        if len(said) > 1:
            self.request(at, body=json.dumps(said), type="text/plain", **more)
            return
        form = self.dice.choice(["query", "form", "json", "beacon"])
        fields = urlencode(said[0])
        if form == "query":
            self.request(at, query=fields, **more)
        elif form == "form":
            self.request(at, body=fields, type="application/x-www-form-urlencoded", **more)
        else:
            kind = {"json": "application/json", "beacon": "text/plain;charset=UTF-8"}[form]
            self.request(at, body=json.dumps(said[0]), type=kind, **more)

    def server(self, at: int, *hits: Hit, account: str = "north", **more: Any) -> None:
        """Add a request of a shop's server, with its ingest token."""
        headers = {"authorization": f"Bearer hl_ingest_recorded_{account}", "user-agent": "shop/1"}
        self.request(at, body=json.dumps(hits), type="application/json", headers=headers, **more)

    def landing(self, at: int, hit: Hit) -> None:
        """Add a request of a landing page. `{NAME}` in it stands for the address that the click of this name led to."""
        self.request(at, body=json.dumps({**hit, "sent": at}), type="application/json")

    def click(self, at: int, name: str, ad: str = "banner-b", query: str = "", **more: Any) -> None:
        """Add a click on an ad's link. `name` identifies the click for its landing page's hit."""
        self.request(at, f"/click/{BERLIN}/{ad}", name=name, query=query, **more)


def record() -> list[Request]:
    """Return all requests, in the order of receipt."""
    traffic = Traffic()
    for tell in (
        journeys,
        orders,
        adjustments,
        people,
        clicks,
        odd_paths,
        money,
        set_aside,
        late,
        refused,
        kolkata,
        howe,
        fullest,
    ):
        tell(traffic)
    return sorted(traffic.requests, key=lambda request: request["at"])


def journeys(traffic: Traffic) -> None:
    """Add people who click some ads and then buy, sign up, or do neither. The data-driven models learn from them."""
    for month, people in ((SEPTEMBER, 28), (OCTOBER, 44)):
        for _ in range(people):
            journey(traffic, month, traffic.new("v"))


def journey(traffic: Traffic, hours: Sequence[str], visitor: str) -> None:
    """Add one person's visits, one request each."""
    dice = traffic.dice
    visits = sorted(dice.sample(range(len(hours)), dice.choice([1, 1, 2, 2, 3])))
    for n, visit in enumerate(visits):
        at = berlin(hours[visit], dice.randrange(0, 50))
        hits = [way(traffic, at, visitor)]
        if dice.random() < 0.3:
            hits.append(way(traffic, at + MINUTE, visitor))
        if n == len(visits) - 1:
            hits.extend(outcome(traffic, at + 5 * MINUTE, visitor))
        traffic.browser(at + 6 * MINUTE, *hits)


def way(traffic: Traffic, at: int, visitor: str) -> Hit:
    """Add a touch to a visit: a click, a view or a landing page."""
    channel = dict(traffic.dice.choice(CHANNELS))
    tags = channel.pop("tags", "").format(n=traffic.number)
    return traffic.hit(at, visitor, url=f"https://shop.example/start{'?' if tags else ''}{tags}", **channel)


def outcome(traffic: Traffic, at: int, visitor: str) -> list[Hit]:
    """Return the last hit of a visit."""
    price = f"{traffic.dice.randrange(500, 15_000) / 100:.2f}"
    ends: list[list[Hit]] = [
        [],
        [{"type": "event", "name": "signup"}],
        [
            {"type": "page", "url": "https://shop.example/thanks?id=1"},
            {"type": "page", "url": "https://shop.example/thanks/again"},
        ],
        [{"type": "page", "url": "https://shop.example/en/pro/buy"}],
        [{"type": "event", "name": "trial", "props": {"plan": "pro"}}],
    ]
    sale = [{"type": "conversion", "name": "purchase", "order": traffic.new("O"), "value": price}]
    ends.extend([sale] * 5)
    chosen = traffic.dice.choice(ends)
    return [traffic.hit(at + n * MINUTE, visitor, **end) for n, end in enumerate(chosen)]


def sale(traffic: Traffic, at: int, visitor: str, order: str, value: str, **more: Any) -> Hit:
    """Make a purchase in the Berlin shop."""
    return traffic.hit(
        at, visitor, **{"type": "conversion", "name": "purchase", "order": order, "value": value, **more}
    )


def banner(traffic: Traffic, at: int, visitor: str, **more: Any) -> Hit:
    """Make a click on an ad."""
    return traffic.hit(at, visitor, **{"type": "click", "ad": "banner-a", **more})


def orders(traffic: Traffic) -> None:
    """Add orders that are sent more than once: sent again, on a reloaded page, by an import, and by a second visitor
    who claims the order."""
    at = berlin("2026-10-05T09", 2)
    first = sale(traffic, at + 20 * MINUTE, "ann", "A-100", "29.90")
    traffic.browser(at, banner(traffic, at, "ann"))
    traffic.browser(at + 20 * MINUTE, first)
    traffic.browser(at + 21 * MINUTE, first)
    traffic.browser(at + 25 * MINUTE, sale(traffic, at + 25 * MINUTE, "ann", "A-100", "29.90"))
    traffic.browser(at, banner(traffic, at + 3 * MINUTE, "bea", ad="video"))
    traffic.browser(at + HOUR, sale(traffic, at + HOUR, "bea", "A-100", "31.00"))
    imported = sale(traffic, at + DAY, "", "A-100", "29.90", user="u-ann")
    del imported["visitor"]
    traffic.server(at + DAY, imported, sale(traffic, at + DAY, "cas", " A-101 ", "120.00"))
    traffic.browser(at + DAY, banner(traffic, at + 2 * MINUTE, "cas"))
    # The same hit with another time, and two sales without an order in one second.
    traffic.server(at + DAY, {**first, "ts": first["ts"] - MINUTE})
    traffic.server(at + DAY, sale(traffic, at + DAY, "dot", "", "5.00"), sale(traffic, at + DAY, "dot", "", "5.00"))


def adjustments(traffic: Traffic) -> None:
    """Add refunds, restatements and retractions. Some come before their order."""
    noon = berlin("2026-10-13T20")

    def adjust(at: int, kind: str, order: str, **more: Any) -> Hit:
        return {
            "site": BERLIN,
            "id": traffic.new("adj"),
            "ts": at,
            "type": "adjustment",
            "kind": kind,
            "order": order,
            **more,
        }

    refund = adjust(noon, "refund", "A-100", value="9.90")
    traffic.server(noon, refund, {**refund, "ts": noon + MINUTE}, adjust(noon, "refund", "A-101", value="1.00"))
    traffic.server(noon + HOUR, adjust(noon + HOUR, "restate", "A-101", value="95.00"))
    traffic.server(noon + HOUR, adjust(noon + HOUR + 1, "refund", "A-101", value="2.00", currency="GBP"))
    traffic.server(noon + HOUR, adjust(noon + HOUR + 2, "refund", "A-101", value="3.00", currency="JPY"))
    early = berlin("2026-10-12T00", 5)
    traffic.server(early, adjust(early, "retract", "A-102"), adjust(early, "retract", "A-103"))
    traffic.server(early + 2 * HOUR, adjust(early + 2 * HOUR, "restate", "A-103", value="44.00"))
    for n, order in enumerate(("A-102", "A-103")):
        visitor = f"eli-{n}"
        traffic.browser(
            early + HOUR, banner(traffic, early + n, visitor), sale(traffic, early + HOUR, visitor, order, "60")
        )
    traffic.server(noon, adjust(noon, "refund", "A-999", value="1"))


def people(traffic: Traffic) -> None:
    """Add users on several devices, a computer that two users share, ids that stand for nobody, and users whom a server
    names."""
    early, late_ = berlin("2026-10-01T00", 10), berlin("2026-10-05T20", 10)

    def login(at: int, visitor: str, user: str) -> Hit:
        return traffic.hit(at, visitor, type="event", name="login", user=user)

    traffic.browser(early, banner(traffic, early, "phone-1"), login(early + MINUTE, "phone-1", "u-1"))
    traffic.browser(late_, sale(traffic, late_, "laptop-1", "P-1", "70.00", user="u-1"))
    for at, visitor in ((early + 2 * MINUTE, "phone-1"), (late_ + MINUTE, "laptop-1")):
        traffic.browser(at, traffic.hit(at, visitor, type="event", name="signup"))
    # Both devices are linked long after the sale.
    traffic.browser(early, traffic.hit(early, "phone-2", url="https://shop.example/?fbclid=late-link"))
    traffic.browser(late_, sale(traffic, late_, "laptop-2", "P-2", "80.00"))
    week = berlin("2026-10-19T09", 20)
    traffic.browser(week, login(week, "phone-2", "u-2"))
    traffic.browser(week + MINUTE, login(week + MINUTE, "laptop-2", "u-2"))
    for n, user in enumerate(("u-3", "u-4")):
        at = early + n * 20 * MINUTE
        traffic.browser(at, banner(traffic, at, "shared", ad=("banner-a", "video")[n]))
        traffic.browser(at + MINUTE, login(at + MINUTE, "shared", user))
        traffic.browser(at + 5 * MINUTE, sale(traffic, at + 5 * MINUTE, "shared", f"P-{user}", "90.00"))
    for visitor in ("gus", "hal"):
        traffic.browser(early, banner(traffic, early, visitor), login(early + MINUTE, visitor, "Guest"))
        traffic.browser(late_, sale(traffic, late_, visitor, f"P-{visitor}", "10.00"))


def clicks(traffic: Traffic) -> None:
    """Add clicks by `/click`: landed on, reloaded, shared, not landed on; and some whose link is wrong."""
    at = berlin("2026-10-19T09", 1)
    for n in range(6):
        then, visitor = at + n * 3 * MINUTE, f"cli-{n}"
        query = urlencode({"to": "https://www.shop.example/other?x=1"}) if n == 1 else ""
        traffic.click(then, f"click-{n}", query=query, address=f"198.51.100.{20 + n}")
        if n == 4:
            continue
        landing = traffic.hit(then + 900, visitor, type="page", url=f"{{click-{n}}}")
        traffic.landing(then + 1_000, landing)
        if n == 2:
            for minutes, who in ((1, visitor), (2, "fay")):
                again = {"id": traffic.new("h"), "ts": then + minutes * MINUTE, "visitor": who}
                traffic.landing(then + minutes * MINUTE, {**landing, **again})
        if n != 3:
            traffic.browser(then + 10 * MINUTE, sale(traffic, then + 10 * MINUTE, visitor, f"C-{n}", f"{20 + n}.50"))
    traffic.click(at, "click-head", method="HEAD")
    traffic.click(at, "click-prefetched", headers={"sec-purpose": "prefetch;prerender"})
    traffic.landing(at + 2_000, traffic.hit(at + 2_000, "pia", type="page", url="{click-prefetched}"))
    traffic.click(at, "click-unknown", ad="nowhere")
    traffic.click(at, "click-homeless", ad="banner-a")
    traffic.click(at, "click-away", query=urlencode({"to": "https://elsewhere.example/"}))


def odd_paths(traffic: Traffic) -> None:
    """Add views beside clicks, touches after the sale and beyond the window, click ids that repeat, and very many
    ads."""
    at = berlin("2026-10-13T20", 5)
    view = {"type": "view", "ad": "video"}
    traffic.browser(at, traffic.hit(at, "ina", **view), banner(traffic, at + MINUTE, "ina"))
    traffic.browser(at, traffic.hit(at, "jon", **view), traffic.hit(at - 4 * DAY, "jon", **view))
    month_ago = at - 14 * DAY - 1
    traffic.server(at, banner(traffic, month_ago, "kim"), banner(traffic, month_ago + 1, "kim", ad="video"))
    for visitor in ("ina", "jon", "kim"):
        bought = at + 30 * MINUTE
        traffic.browser(
            bought, sale(traffic, bought, visitor, f"X-{visitor}", "12.34"), banner(traffic, bought + 1, visitor)
        )
    again = [traffic.hit(at + n, "lea", url="https://shop.example/?gclid=same&utm_source=google") for n in range(3)]
    traffic.browser(at + MINUTE, *again, sale(traffic, at + 5, "lea", "X-lea", "18.00"))
    for visitor, campaigns in (("max", 3), ("ned", 14)):
        tags = [f"utm_source=s&utm_campaign=c{n % campaigns}&utm_content=ad{n}" for n in range(14)]
        pages = [traffic.hit(at + n * 1_000, visitor, url=f"https://shop.example/?{one}") for n, one in enumerate(tags)]
        traffic.browser(at + 20 * MINUTE, *pages, sale(traffic, at + 19 * MINUTE, visitor, f"X-{visitor}", "100.01"))
    # The hour that comes twice, and the last and first moments of a day and a month.
    for n, instant in enumerate(
        ("2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-31T22:59:59.999Z", "2026-10-31T23:00Z")
    ):
        edge = ms(instant)
        traffic.browser(edge, banner(traffic, edge, f"dst-{n}"), sale(traffic, edge, f"dst-{n}", f"D-{n}", "7.77"))
    # No visitor is named. Address and browser therefore make a stand-in for the day.
    for n, kind in enumerate(("page", "conversion")):
        hit = traffic.hit(
            at + n, "", type=kind, name="purchase", url="https://shop.example/?utm_source=print", value="3"
        )
        del hit["visitor"], hit["id"]
        traffic.request(at + n, "/pixel.gif", query=urlencode(hit), address="198.51.100.99")


def money(traffic: Traffic) -> None:
    """Add sales in other currencies, with a rate, with an old rate, and without a rate."""
    for hour in ("2026-10-12T00", "2026-10-13T20"):
        at = berlin(hour, 30)
        for n, currency in enumerate(("USD", "GBP", "SEK", "JPY", "CHF")):
            visitor = f"money-{currency}"
            sold = sale(traffic, at + n, visitor, f"M-{hour[8:10]}-{currency}", "81.5", currency=currency)
            traffic.browser(at + MINUTE, banner(traffic, at + n - 1, visitor), sold)


def set_aside(traffic: Traffic) -> None:
    """Add crawlers, prefetches, own traffic, and conversions of no goal."""
    at = berlin("2026-10-05T20", 30)
    senders: list[Request] = [
        {"headers": {"user-agent": GOOGLEBOT}},
        {"headers": {"sec-purpose": "prefetch"}},
        {"headers": {"x-moz": "prefetch"}},
        {"address": OWN_ADDRESS},
    ]
    for n, more in enumerate(senders):
        visitor = f"aside-{n}"
        traffic.browser(at + n, banner(traffic, at - 9 - n, visitor), **more)
        traffic.browser(at + n, sale(traffic, at + n, visitor, f"S-{n}", "1000.00"), **more)
    traffic.browser(at, sale(traffic, at, "quo", "S-9", "8", name="newsletter"))
    refund = {"type": "adjustment", "kind": "refund", "order": "A-100", "value": "0.5", "ip": OWN_ADDRESS}
    traffic.server(at, traffic.hit(at, "quo", **refund))
    machine = sale(traffic, at + 9, "rob", "S-10", "66.00", ua=GOOGLEBOT, ip="198.51.100.7")
    traffic.server(at, machine, {**machine, "site": KOLKATA, "name": "order", "id": traffic.new("h")})


def late(traffic: Traffic) -> None:
    """Add hits that come days or months late, and hits of clients whose clocks are wrong."""
    at = ms("2026-11-10T12:00Z")
    old = berlin("2026-09-03T09", 55)
    traffic.server(at, sale(traffic, old, "old-1", "L-1", "55.00"), banner(traffic, old - HOUR, "old-1", ad="banner-b"))
    traffic.server(at, traffic.hit(berlin("2026-09-03T20", 1), "v-001", type="event", name="signup"))
    kept = ms("2026-11-01T10:00+01:00")
    traffic.browser(
        kept + 5 * DAY, banner(traffic, kept, "old-2"), sale(traffic, kept + MINUTE, "old-2", "L-2", "21.00")
    )
    # The browser's clock is three hours slow: it says `sent` when it sends.
    for n, hit in enumerate((banner(traffic, 0, "slow"), sale(traffic, 0, "slow", "L-3", "22.00"))):
        now = berlin("2026-10-19T09", 40 + n)
        told = {**hit, "ts": now - 3 * HOUR - 500, "sent": now - 3 * HOUR}
        traffic.request(now, body=json.dumps(told), type="application/json")


def refused(traffic: Traffic) -> None:
    """Add requests with hits that are refused."""
    at = berlin("2026-10-05T20", 45)
    good = sale(traffic, at, "sue", "R-1", "1.00")
    bad: list[Hit] = [
        {**good, "value": "12,50"},
        {**good, "ts": at - 8 * DAY},
        {**good, "currency": "XXQ"},
        {**good, "type": "sale"},
        {**good, "id": "no spaces"},
        {**good, "type": "adjustment"},
        {**good, "type": "adjustment", "kind": "refund", "value": ""},
        {**good, "site": ""},
        {**good, "site": "rec-nowhere"},
        {**good, "name": "n" * 201},
    ]
    traffic.request(at, body=json.dumps([good, *bad]), type="application/json", gzip=True)
    for hit in (*bad[:3], bad[8]):
        traffic.request(at, "/pixel.gif", query=urlencode(hit))
    traffic.request(at, body="{", type="application/json")
    traffic.request(at, body="<hit/>", type="application/xml")
    traffic.request(at, body=json.dumps(good), type="application/json", headers={"authorization": "Bearer nobody"})
    traffic.server(at, {**good, "site": HOWE, "name": "sale"})


def kolkata(traffic: Traffic) -> None:
    """Add hits of a site whose hours begin at half past. Its server sends everything, gzipped."""
    for day in ("2026-09-15", "2026-10-02", "2026-10-28"):
        hits: list[Hit] = []
        for n in range(12):
            at = ms(f"{day}T23:{n * 4:02}+05:30") + 12 * MINUTE
            own: Hit = {"site": KOLKATA, "visitor": f"k-{day[5:]}-{n % 7}", "ts": at}
            touch = traffic.dice.choice(
                [
                    {"type": "click", "ad": "lights"},
                    {"type": "view", "ad": "lights"},
                    {"type": "page", "url": "https://kolkata.example/?utm_source=list&utm_medium=email"},
                    {"type": "page", "url": "https://kolkata.example/?utm_source=partner"},
                ]
            )
            hits.append({**own, "id": traffic.new("k"), **touch})
            if n % 3:
                value = {"value": f"{traffic.dice.randrange(100, 9_999)}.5", "currency": ("", "USD")[n % 2]}
                name = ("order", "trial")[n % 5 == 0]
                hits.append({**own, "id": traffic.new("k"), "ts": at + MINUTE, "type": "event", "name": name, **value})
        traffic.server(ms(f"{day}T23:59+05:30") + HOUR, *hits, gzip=True)


def howe(traffic: Traffic) -> None:
    """Add hits of a site whose clock goes half an hour forward on 4 October. Each click brings at most one sale."""
    for n in range(8):
        at = ms("2026-10-03T14:20Z") + n * 17 * MINUTE
        own: Hit = {"site": HOWE, "visitor": f"w-{n % 3}", "ts": at}
        click = {**own, "id": traffic.new("w"), "type": "click", "ad": ("surf", "paper")[n % 2]}
        sold = {**own, "id": traffic.new("w"), "ts": at + 5 * MINUTE, "type": "event", "name": "sale", "value": 10 + n}
        traffic.server(
            at + HOUR, *([click] if n % 3 != 1 else []), sold, {**sold, "id": traffic.new("w")}, account="south"
        )


def fullest(traffic: Traffic) -> None:
    """Add hits with every field, which record the order of fields, and addresses that repeat parameters."""
    at = berlin("2026-10-13T20", 40)
    tags = "utm_source=a&utm_medium=b&utm_campaign=c&utm_content=d&utm_term=e&gclid=f"
    more = {"user": "u-full", "url": f"https://shop.example/?{tags}", "ref": "https://news.example/", "title": "Shop"}
    props = {"p.color": "red", "p.size": "XL"}
    traffic.browser(at, traffic.hit(at, "full", type="click", ad="banner-a", **more, **props))
    traffic.browser(at, traffic.hit(at, "full", type="view", ad="video", **more, **props))
    twice = "utm_source=one&utm_source=two&utm_medium=m&fbclid=one&gclid=two"
    traffic.browser(at, traffic.hit(at, "full", url=f"https://shop.example/?{twice}"))
    bought = at + 5 * MINUTE
    full_sale = sale(traffic, bought, "full", "F-1", "33.00", currency="GBP", **more, **props)
    refund = {"type": "adjustment", "kind": "refund", "order": "F-1", "value": "3", "currency": "GBP"}
    traffic.server(bought, full_sale, traffic.hit(bought + 1, "full", **refund))
    # A millisecond after a user of the shared computer was named: the next user's. At that instant: this user's.
    named = berlin("2026-10-01T00", 10) + MINUTE
    traffic.browser(named + 1, banner(traffic, named + 1, "shared", ad="meta"), banner(traffic, named, "shared"))
