"""Hits: makes the hits that the shop's pages and its server send during a visit. Some hits are sent days later."""

from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import blake2b
from random import Random
from typing import Any
from urllib.parse import urlencode

import msgspec

from conversions.demo.dice import dice
from conversions.demo.people import PRODUCTS, Visit, price_of
from conversions.demo.regular import PERSON as OFFICE
from conversions.units.clock import day_start
from tracker.collection.hit import Hit, HitType

HOST = "https://coffee.example"
CENT = 10_000
#: The user agents of the first and the second device.
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
)
#: The chances that an order is refunded in full, and in part.
REFUNDED, PARTLY = 0.03, 0.04
#: The time of the day (ms) at which the shop's server sends refunds. On Mondays it also sends last week's orders by
#: phone.
NIGHT_JOB = 6 * 3_600_000 + 300_000
REFERRERS = {"google": "https://www.google.com/", "bing": "https://www.bing.com/", "tiktok": "https://www.tiktok.com/"}


class HitMaker(msgspec.Struct, frozen=True):
    """Makes the hits of visits for one site. The ids depend only on the seed and the visit."""

    site: str
    timezone: str
    seed: int

    def hits_of(self, visit: Visit) -> Iterator[Hit]:
        """Make all hits of a visit, and the refund of its order if the order is refunded."""
        if visit.phoned:
            yield self._sale(visit, self._at(visit.day, visit.ms), received=self._next_monday(visit.day), trusted=True)
        else:
            yield from self._browser_hits(visit)
        if visit.products:
            yield from self._refund(visit)

    def _browser_hits(self, visit: Visit) -> Iterator[Hit]:
        """Make the hits of the browser: a click or a view, some pages, and perhaps an order. Between the hits some time
        passes."""
        rng = dice(self.seed, visit.person, visit.number, "pages")
        at = self._at(visit.day, visit.ms)
        if visit.ad.kind != "page":
            yield self._hit(visit, 0, visit.ad.kind, at, ad=visit.ad.key)
        if visit.ad.kind == "view" and not visit.products:
            return
        page = f"{HOST}/"
        for number, address in enumerate(self._addresses(visit, rng), 1):
            at += rng.randrange(2_000, 90_000)
            ref = REFERRERS.get(visit.ad.source, "") if number == 1 else page
            yield self._hit(visit, number, "page", at, url=address, ref=ref)
            page = address
        if visit.products:
            yield self._sale(visit, at + rng.randrange(30_000, 300_000), url=f"{HOST}/checkout")

    def _addresses(self, visit: Visit, rng: Random) -> Iterator[str]:
        """List the URLs of a visit's pages. The first one has the ad's parameters."""
        yield f"{HOST}/{self._parameters(visit)}"
        for _ in range(rng.choices((0, 1, 2), (50, 35, 15))[0]):
            yield f"{HOST}/p/{rng.choice(list(PRODUCTS))}"
        if visit.signs_up:
            yield f"{HOST}/welcome"

    def _parameters(self, visit: Visit) -> str:
        ad = visit.ad
        if ad.kind != "page" or not ad.source:
            return ""
        tags = {"utm_source": ad.source, "utm_medium": ad.medium, "utm_campaign": ad.campaign, "utm_content": ad.key}
        network = {ad.click_id: self._token("click", visit.person, visit.number)} if ad.click_id else {}
        return f"?{urlencode({**tags, **network})}"

    def _sale(self, visit: Visit, at: int, **more: Any) -> Hit:
        order, value = self._order(visit), price_of(visit.products) * CENT
        return self._hit(visit, 90, "conversion", at, name="purchase", order=order, value=value, **more)

    def _refund(self, visit: Visit) -> Iterator[Hit]:
        """Make the hit with which the shop's server refunds the order of a visit, if the order is refunded."""
        rng = dice(self.seed, visit.person, visit.number, "refund")
        price, drawn = price_of(visit.products), rng.random()
        days, cents = 3 + rng.randrange(12), 0
        if visit.person == OFFICE:
            days, cents = 1, 100 * rng.randrange(12, 40)
        elif drawn < REFUNDED:
            cents = price
        elif drawn < REFUNDED + PARTLY:
            cents = price * rng.randrange(20, 60) // 100
        if cents:
            at = self._at(visit.day + timedelta(days=days), NIGHT_JOB)
            more = {"kind": "refund", "order": self._order(visit), "value": cents * CENT, "trusted": True}
            yield self._hit(visit, 91, "adjustment", at, **more)

    def _hit(self, visit: Visit, number: int, type: HitType, at: int, **more: Any) -> Hit:
        """Make a hit. Orders of known buyers name the user. Hits of the shop's server have no user agent and no IP
        address."""
        by_server = bool(more.get("trusted"))
        given = {"received": at, **more}
        if visit.known and type == "conversion":
            given["user"] = self._token("user", visit.person)[:10]
        if not by_server:
            given |= {"ua": AGENTS[visit.device], "ip": f"203.0.113.{1 + int(self._token(visit.person)[:2], 16) % 254}"}
        device = "server" if by_server else visit.device
        return Hit(
            id=self._token("hit", visit.person, visit.number, number),
            site=self.site,
            type=type,
            at=at,
            visitor=self._token("visitor", visit.person, device),
            **given,
        )

    def _order(self, visit: Visit) -> str:
        return f"K{visit.day:%y%m%d}-{self._token('order', visit.person, visit.number)[:5].upper()}"

    def _token(self, *words: object) -> str:
        text = "\n".join(map(str, (self.seed, *words)))
        return blake2b(text.encode(), digest_size=10).hexdigest()

    def _at(self, day: date, ms: int) -> int:
        return day_start(day.isoformat(), self.timezone) + ms

    def _next_monday(self, day: date) -> int:
        return self._at(day + timedelta(days=7 - day.weekday()), NIGHT_JOB)
