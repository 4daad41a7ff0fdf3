"""Visitor cookie: a page and a tracker on one registrable domain -> the HTTP cookie that holds the visitor's id.

After a week, some browsers delete the cookies that a script has set. They keep those that a server has set. If the
snippet's own cookie is gone, the snippet reads this one.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from tracker.collection.nobody import someone

NAME = "_hls"
#: The names of the cookies, in the order in which they are tried: the snippet's own, and this one.
NAMES = ("_hl", NAME)
VISITOR = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
#: The cookie's lifetime: 400 days, the longest that browsers allow. Each answer renews it.
MAX_AGE_SECONDS = 400 * 86_400


def visitor_cookie(visitor: str, origin: str, host: str) -> str | None:
    """Make the Set-Cookie header with which the tracker at `host` answers a page at `origin`; None if there is no
    visitor, or if page and tracker share no domain."""
    domain = shared_domain(origin, host)
    if domain is None or not visitor:
        return None
    return f"{NAME}={visitor}; Domain={domain}; Path=/; Max-Age={MAX_AGE_SECONDS}; Secure; SameSite=Lax"


def known_visitor(cookies: Mapping[str, str], host: str, domains: Iterable[str]) -> str:
    """Read the visitor's id from the cookies of a request to the tracker at `host`; empty if there is none.

    The cookies count only if the tracker and one of the site's domains share a registrable domain. Otherwise they are
    another site's.
    """
    found = next((text for name in NAMES if (text := someone(cookies.get(name, ""))) and VISITOR.fullmatch(text)), "")
    return found if found and any(shared_domain(f"//{domain}", host) for domain in domains) else ""


@lru_cache(1024)
def shared_domain(origin: str, host: str) -> str | None:
    """The registrable domain that both have: shop.example for hits.shop.example and www.shop.example; None if there is
    none."""
    page, tracker = registrable(origin), registrable(f"//{host}")
    return page if page == tracker else None


def registrable(url: str) -> str | None:
    """The registrable domain of an address's host; None if it has none, such as an IP address or a bare suffix."""
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
    """The list of suffixes under which anybody can register. It is read when it is first needed."""
    return PublicSuffixList()
