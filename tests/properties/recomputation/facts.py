"""Facts: the facts that one hit makes. Rules: `docs/models.md`, Facts."""

import re
from dataclasses import replace
from hashlib import md5, sha1, sha256
from ipaddress import ip_address, ip_network

from tests.properties.recomputation.addresses import named, parameters_of
from tests.properties.recomputation.goals import conversions_of
from tests.properties.recomputation.landing import landing_touch
from tests.properties.recomputation.records import Adjustment, Conversion, Fact, Hit, Link, Site, Touch, read

#: The ids that stand for nobody, as `docs/models.md` lists them.
NOBODY = (
    *("", "0", "null", "none", "undefined", "nan", "true", "false", "anonymous", "guest", "unknown"),
    *("[object object]", "user_id", "distinct_id", "email"),
)
HASHED = [hashed(word.encode()).hexdigest() for word in NOBODY for hashed in (md5, sha1, sha256)]


def facts_of(hit: Hit, site: Site) -> list[Fact]:
    """Return the facts of a hit: an adjustment; or a touch, conversions and a link; or none."""
    if is_rejected(hit, site):
        return []
    if hit.type == "adjustment":
        return [read(Adjustment, vars(hit) | {"click": named(hit.click)}, hit=hit.id)]
    user = user_of(hit)
    touch = landing_touch(hit, site) or touch_of(hit)
    found: list[Touch | Conversion] = [*([touch] if touch else []), *conversions_of(hit, site)]
    links = [read(Link, vars(hit), hit=hit.id, user=user)] if user else []
    return [*(replace(fact, user=user) for fact in found), *links]


def is_rejected(hit: Hit, site: Site) -> bool:
    """Whether the hit is a crawler's, a prefetch or own traffic. Adjustments are never own traffic."""
    own = any(ip_address(hit.ip) in ip_network(network) for network in site.own_networks if hit.ip)
    is_crawler = re.search("bot|crawl|spider", hit.ua.lower()) is not None
    is_own = own and hit.type != "adjustment"
    return (site.bots and is_crawler) or (site.prefetches and hit.prefetch) or (site.own_traffic and is_own)


def user_of(hit: Hit) -> str:
    """Return the user that a hit names; an id that stands for nobody names none."""
    plain = hit.user.strip().casefold()
    return "" if plain in NOBODY or plain in HASHED else hit.user


def host_of(url: str) -> str:
    """Return the part of a URL before its path."""
    found = re.match("[^/]*//([^/]*)", url)
    return found[1] if found else ""


def touch_of(hit: Hit) -> Touch | None:
    """Return the touch of a click or a view, or of a page whose URL has new campaign parameters. Return None for other
    hits."""
    found = parameters_of(hit.url)
    if hit.type in ("click", "view"):
        others = tuple(hit.props.items()) if hit.type == "click" else ()
        return read(Touch, vars(hit) | found, hit=hit.id, kind=hit.type, others=others)
    if hit.type == "page" and found and not (parameters_of(hit.ref) == found and host_of(hit.ref) == host_of(hit.url)):
        return read(Touch, vars(hit) | found, hit=hit.id, kind="click", ad="")
    return None
