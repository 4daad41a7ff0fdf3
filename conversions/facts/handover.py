"""Handover: adds a signed click to the landing page's URL, and makes a touch from it when the page is opened. Pure.

`/click` records the click, but doesn't know the page's visitor, because `/click` is on another domain. The landing
page's hit has the signed click and the visitor. The touch that is made from this hit gives the click to the visitor.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

import msgspec

from conversions.facts.parameters import read_parameters, separator_after
from conversions.facts.records import Touch
from conversions.facts.touch import campaign_parameters, custom_parameters
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, bucket_of
from tracker.collection.hit import Hit

AD = "hl_ad"
CLICK = "hl_click"
#: A signed click is valid for this long (ms). If the page is opened later, it came from a bookmark or a shared link.
VALID_MS = DAY_MS
#: Click id, time and signature have 33 bytes together. In base64 they are 44 characters without padding, and each token
#: has only one spelling.
ID_BYTES, TIME_BYTES, SEAL_BYTES = 16, 6, 11
TOKEN_LETTERS = 44


class Handover(msgspec.Struct, frozen=True):
    """A click that `/click` hands over to the landing page. `ad`: the ad's key. `click`: the hit id of the click, 32
    hex digits. `at`: the time of the click, ms."""

    ad: str
    click: str
    at: int


def sign(handover: Handover, site: str, secret: str) -> str:
    """Make the token `hl_click`: the click's id and time, with a signature over id, time, site and ad."""
    said = bytes.fromhex(handover.click) + handover.at.to_bytes(TIME_BYTES, "big")
    return urlsafe_b64encode(said + _seal(said, site, handover.ad, secret)).decode()


def verify(token: str, ad: str, site: str, secret: str) -> Handover | None:
    """Read the click in a token. None if the token was not signed with this secret for this site and ad."""
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
    # Two different pairs of site and ad never give the same text: a site key has no NUL, and `said` has a fixed length.
    text = f"{site}\0{ad}\0".encode(errors="replace")
    return hmac.digest(secret.encode(), text + said, "sha256")[:SEAL_BYTES]


def hand_over(url: str, handover: Handover, site: str, secret: str) -> str:
    """Add two parameters to the URL of the landing page: `hl_ad` and `hl_click`, the signed click. They come after the
    URL's own query and before its fragment."""
    page, hash_mark, fragment = url.partition("#")
    added = f"{AD}={quote(handover.ad, safe='')}&{CLICK}={sign(handover, site, secret)}"
    return f"{page}{separator_after(page)}{added}{hash_mark}{fragment}"


def read_handover(url: str, site: str, secret: str) -> Handover | None:
    """Read the signed click in a URL. None if the URL has no signed click or if its signature is wrong. If the URL has
    several, the last counts."""
    if f"{CLICK}=" not in url:
        return None
    given = dict(read_parameters(url))
    return verify(given.get(CLICK, ""), given.get(AD, ""), site, secret)


def landing_touch(hit: Hit, site: SiteConfig) -> Touch | None:
    """Make a touch from the signed click in a landing page's URL. None if the hit is no page, if its URL has no valid
    signed click, or if the click is too old.

    The touch has the click's hit id. `/click` recorded the click under the same id, and touches with the same hit id
    count once in each bucket.

    The touch has the click's time. If the browser's clock is behind, the landing may seem to come before the click.
    Then the touch has the time of the landing, because a conversion on the page must not come before its click. But the
    touch is never put before the click's bucket, because the click would then count in two buckets.
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
        others=tuple(custom_parameters(read_parameters(hit.url)).items()),
        **campaign_parameters(hit.url),
    )
