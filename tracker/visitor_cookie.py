"""Visitor cookie: the HTTP cookie with the visitor's id, for a page and a tracker on the same registrable domain.

Some browsers delete cookies that a script set after a week. They keep cookies that a server set. The snippet reads this
cookie if its own is gone.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from tracker.collection.nobody import someone

NAME = "_hls"
#: The cookies with a visitor's id, in the order in which they are tried: the snippet's own, and this one.
NAMES = ("_hl", NAME)
VISITOR = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
#: The cookie's lifetime: 400 days, the longest that browsers allow. Each answer renews it.
MAX_AGE_SECONDS = 400 * 86_400


def visitor_cookie(visitor: str, origin: str, host: str) -> str | None:
    """Make the Set-Cookie header for a page at `origin` of the tracker at `host`. None if there is no visitor, or if
    page and tracker share no registrable domain."""
    domain = shared_domain(origin, host)
    if domain is None or not visitor:
        return None
    return f"{NAME}={visitor}; Domain={domain}; Path=/; Max-Age={MAX_AGE_SECONDS}; Secure; SameSite=Lax"


def known_visitor(cookies: Mapping[str, str], host: str, domains: Iterable[str]) -> str:
    """Read the visitor's id from the cookies of a request to the tracker at `host`; "" if there is none.

    Cookies are ignored if the tracker shares no registrable domain with any of the site's domains: another site set
    them.
    """
    found = next((text for name in NAMES if (text := someone(cookies.get(name, ""))) and VISITOR.fullmatch(text)), "")
    return found if found and any(shared_domain(f"//{domain}", host) for domain in domains) else ""


@lru_cache(1024)
def shared_domain(origin: str, host: str) -> str | None:
    """Return the registrable domain that a page's origin and the tracker's host share; None if there is none. Example:
    shop.example for https://www.shop.example and hits.shop.example."""
    page, tracker = registrable(origin), registrable(f"//{host}")
    return page if page == tracker else None


def registrable(url: str) -> str | None:
    """Return the registrable domain of a URL's host. None for an IP address or a bare suffix such as co.uk."""
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
    """Return the public suffix list. It is read when it is first needed."""
    return PublicSuffixList()
