"""Facts: what a hit comes to, each hit by itself. Rules: `docs/models.md`, Facts."""

import re
from dataclasses import replace
from hashlib import blake2b, md5, sha1, sha256
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl, urlsplit

from tests.properties.recomputation.goals import conversions_of
from tests.properties.recomputation.landing import landing_touch
from tests.properties.recomputation.records import Adjustment, Conversion, Fact, Hit, Link, Site, Touch, read

CLICK_IDS = ("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid")
UTM_TAGS = ("source", "medium", "campaign", "content", "term")
#: Those that `docs/models.md` names.
NOBODY = (
    *("", "0", "null", "none", "undefined", "nan", "true", "false", "anonymous", "guest", "unknown"),
    *("[object object]", "user_id", "distinct_id", "email"),
)
HASHED = [hashed(word.encode()).hexdigest() for word in NOBODY for hashed in (md5, sha1, sha256)]


def facts_of(hit: Hit, site: Site) -> list[Fact]:
    """An adjustment; or a touch, conversions and a link; or nothing."""
    if is_rejected(hit, site):
        return []
    if hit.type == "adjustment":
        return [read(Adjustment, vars(hit), hit=hit.id)]
    user = user_of(hit)
    touch = landing_touch(hit, site) or touch_of(hit)
    found: list[Touch | Conversion] = [*([touch] if touch else []), *conversions_of(hit, site)]
    links = [read(Link, vars(hit), hit=hit.id, user=user)] if user else []
    return [*(replace(fact, user=user) for fact in found), *links]


def is_rejected(hit: Hit, site: Site) -> bool:
    """A crawler's, a page fetched in advance, or the account's own people's; adjustments come from these."""
    own = any(ip_address(hit.ip) in ip_network(network) for network in site.own_networks if hit.ip)
    is_crawler = re.search("bot|crawl|spider", hit.ua.lower()) is not None
    is_own = own and hit.type != "adjustment"
    return (site.bots and is_crawler) or (site.prefetches and hit.prefetch) or (site.own_traffic and is_own)


def user_of(hit: Hit) -> str:
    """Whom a hit names; ids that stand for nobody name none."""
    plain = hit.user.strip().casefold()
    return "" if plain in NOBODY or plain in HASHED else hit.user


def touch_of(hit: Hit) -> Touch | None:
    """A click or a view is a touch; a page whose address has campaign parameters is a click."""
    found = parameters_of(hit.url)
    if hit.type in ("click", "view"):
        return read(Touch, vars(hit) | found, hit=hit.id, kind=hit.type)
    if hit.type == "page" and found:
        return read(Touch, vars(hit) | found, hit=hit.id, kind="click", ad="")
    return None


def parameters_of(url: str) -> dict[str, str]:
    """The utm tags of an address and its click id, of several the first."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(urlsplit(url).query):
        if name.removeprefix("utm_") in UTM_TAGS and name.startswith("utm_"):
            found.setdefault(name[4:], value[:200])
        elif name in CLICK_IDS and "network" not in found:
            found |= {"network": name, "click_id": shortened(value)}
    return found


def shortened(click_id: str) -> str:
    """A long click id keeps its beginning, and ends in a digest of all."""
    digest = blake2b(click_id.encode(), digest_size=16).hexdigest()
    return click_id if len(click_id) <= 200 else click_id[:168] + digest
