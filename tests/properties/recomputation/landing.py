"""Landing: the click of `/click` that a landing page's URL hands over. Rules: `docs/models.md`, Clicks by `/click`."""

import hmac
import re
from base64 import urlsafe_b64decode
from typing import NamedTuple

from tests.properties.recomputation.addresses import others_of, parameters_of, read_all
from tests.properties.recomputation.hours import hour_of
from tests.properties.recomputation.records import Hit, Site, Touch

DAY = 86_400_000


class Click(NamedTuple):
    """A click that was handed over."""

    ad: str
    id: str
    at: int


def landing_touch(hit: Hit, site: Site) -> Touch | None:
    """Return the click that a landing page records, if its URL hands over a click of the last day."""
    click = handed_over(hit.url, site) if hit.type == "page" else None
    if click is None or hit.at > click.at + DAY:
        return None
    at = recorded_at(click, hit, site.timezone)
    own = {"visitor": hit.visitor, "kind": "click", "at": at, "hit": click.id, "ad": click.ad, "landed": True}
    return Touch(site=hit.site, **own, others=others_of(hit.url), **parameters_of(hit.url))


def recorded_at(click: Click, hit: Hit, timezone: str) -> int:
    """Return the time of the recorded click: the earlier of click and page, but not before the click's hour."""
    return max(min(click.at, hit.at), hour_of(click.at, timezone))


def handed_over(url: str, site: Site) -> Click | None:
    """Return the click in the last `hl_ad` and the last `hl_click`, if the site's secret signed it."""
    given = dict(read_all(url))
    token, ad = given.get("hl_click", ""), given.get("hl_ad", "")
    if not re.fullmatch(r"[\w-]{44}", token, re.ASCII):
        return None
    raw = urlsafe_b64decode(token)
    said, seal = raw[:22], raw[22:]
    if seal != seal_of(said, ad, site):
        return None
    return Click(ad, said[:16].hex(), int.from_bytes(said[16:]))


def seal_of(said: bytes, ad: str, site: Site) -> bytes:
    """Return the first 11 bytes of the HMAC-SHA256 over the site's key, the ad's key and the signed data."""
    text = f"{site.key}\0{ad}\0".encode() + said
    return hmac.digest(site.click_secret.encode(), text, "sha256")[:11]
