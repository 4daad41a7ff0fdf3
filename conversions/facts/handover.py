"""Handover: the signed click (ad, id, time) that `/click` adds to the landing page's address. Pure.

In: a page hit and its site's secret. Out: the click as a touch of the page hit's visitor.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

import msgspec

from conversions.facts.parameters import joint, read_parameters
from conversions.facts.records import Touch
from conversions.facts.touch import campaign_parameters, other_parameters
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, bucket_of
from tracker.collection.hit import Hit

AD = "hl_ad"
CLICK = "hl_click"
#: The longest time (ms) between a click and its landing. If a page is opened later, a bookmark or a shared link led to
#: the page, not the click.
VALID_MS = DAY_MS
#: The token's parts are 33 bytes together. In base64 these are 44 letters without padding, in only one spelling.
ID_BYTES, TIME_BYTES, SEAL_BYTES = 16, 6, 11
TOKEN_LETTERS = 44


class Handover(msgspec.Struct, frozen=True):
    """A click on its way to the landing page: the ad's key, the click's hit id (32 hex digits) and time (ms)."""

    ad: str
    click: str
    at: int


def sign(handover: Handover, site: str, secret: str) -> str:
    """Make the value of `hl_click`: id and time, and a seal over id, time, site and ad."""
    said = bytes.fromhex(handover.click) + handover.at.to_bytes(TIME_BYTES, "big")
    return urlsafe_b64encode(said + _seal(said, site, handover.ad, secret)).decode()


def verify(token: str, ad: str, site: str, secret: str) -> Handover | None:
    """Read the handover that a token carries; None if the token was not signed with the site's secret for this ad."""
    if not secret or len(token) != TOKEN_LETTERS or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        return None
    said, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(said, site, ad, secret)):
        return None
    return Handover(ad, said[:ID_BYTES].hex(), int.from_bytes(said[ID_BYTES:], "big"))


def _seal(said: bytes, site: str, ad: str, secret: str) -> bytes:
    # The parts can't be confused: a site's key has no NUL, and the signed bytes have a fixed length.
    text = f"{site}\0{ad}\0".encode(errors="replace")
    return hmac.digest(secret.encode(), text + said, "sha256")[:SEAL_BYTES]


def hand_over(url: str, handover: Handover, site: str, secret: str) -> str:
    """Add `hl_ad` and `hl_click` to the landing page's address, after its own query and before its fragment."""
    page, hash_mark, fragment = url.partition("#")
    added = f"{AD}={quote(handover.ad, safe='')}&{CLICK}={sign(handover, site, secret)}"
    return f"{page}{joint(page)}{added}{hash_mark}{fragment}"


def read_handover(url: str, site: str, secret: str) -> Handover | None:
    """Read the handover that an address carries; None if it carries none. If there are several, the last one counts."""
    if f"{CLICK}=" not in url:
        return None
    given = dict(read_parameters(url))
    return verify(given.get(CLICK, ""), given.get(AD, ""), site, secret)


def landing_touch(hit: Hit, site: SiteConfig) -> Touch | None:
    """Make the touch of the click that led the visitor to this page; None if the hit is no landing page.

    The touch has the hit id of the click. `/click` has recorded the click under the same id, and touches with one hit
    id count once in each bucket.

    The touch has the time of the click, unless the landing seems to precede the click because the browser's clock is
    behind. The touch then has the time of the landing: a conversion on the page must not precede its click. But the
    time is never before the click's bucket. Otherwise the click would count in two buckets.
    """
    found = read_handover(hit.url, site.key, site.click_secret) if hit.type == "page" else None
    if found is None or hit.at - found.at > VALID_MS:
        return None
    return Touch(
        site=hit.site,
        visitor=hit.visitor,
        kind="click",
        at=max(min(found.at, hit.at), bucket_of(found.at, site.timezone)),
        hit=found.click,
        ad=found.ad,
        landed=True,
        others=tuple(other_parameters(read_parameters(hit.url)).items()),
        **campaign_parameters(hit.url),
    )
