"""Visitor cookie: makes and reads the tracker's own cookie, which contains a visitor's id. This works if the tracker
and the page have the same registrable domain, such as shop.example.

Some browsers delete cookies of scripts after a week, but not cookies that a server set. If the snippet's own cookie is
gone, the snippet takes the id from the tracker's cookie.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from tracker.collection.nobody import someone

NAME = "_hls"
#: The cookies with a visitor's id, in the order in which they are tried: the snippet's, then the tracker's.
NAMES = ("_hl", NAME)
VISITOR = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
#: The cookie's lifetime: 400 days, the longest that browsers allow. Each answer renews it.
MAX_AGE_SECONDS = 400 * 86_400


def visitor_cookie(visitor: str, origin: str, host: str) -> str | None:
    """Make the header Set-Cookie with a visitor's id. `origin`: the page's origin; `host`: the tracker's host. None if
    there is no visitor, or if page and tracker have no registrable domain in common."""
    domain = shared_domain(origin, host)
    if domain is None or not visitor:
        return None
    return f"{NAME}={visitor}; Domain={domain}; Path=/; Max-Age={MAX_AGE_SECONDS}; Secure; SameSite=Lax"


def known_visitor(cookies: Mapping[str, str], host: str, domains: Iterable[str]) -> str:
    """Read the visitor's id from the cookies of a request to the tracker at `host`; "" if there is none.

    `domains`: the site's domains. If none of them has the tracker's registrable domain, the cookies are ignored,
    because another site set them.
    """
    found = next((text for name in NAMES if (text := someone(cookies.get(name, ""))) and VISITOR.fullmatch(text)), "")
    return found if found and any(shared_domain(f"//{domain}", host) for domain in domains) else ""


@lru_cache(1024)
def shared_domain(origin: str, host: str) -> str | None:
    """Return the registrable domain that a page and the tracker have in common; None if they have none. Example:
    shop.example for the page's origin https://www.shop.example and the tracker's host hits.shop.example."""
    page, tracker = registrable(origin), registrable(f"//{host}")
    return page if page == tracker else None


def registrable(url: str) -> str | None:
    """Return the registrable domain of the host in a URL: shop.co.uk for //www.shop.co.uk. None for an IP address, and
    for a suffix alone such as co.uk."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return None
    if not host.isascii() or is_ip_address(host):
        return None
    domain: str | None = suffixes().privatesuffix(host)
    return domain


def is_ip_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def suffixes() -> PublicSuffixList:
    """Return the public suffix list, which says under which suffixes (com, co.uk) domains are registered. It is read at
    the first call."""
    return PublicSuffixList()
