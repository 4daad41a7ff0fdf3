"""Destination: where an ad's link leads, and whether a click may lead there. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from conversions.facts.parameters import MAX_PARAMETERS, joint
from tracker.collection.text import is_broken

MAX_URL = 2_000
#: The longest address of a landing page with its added parameters. Many servers refuse much longer ones.
MAX_LANDING = 7_500
#: The parameters of a link that the tracker reads and doesn't pass on.
OWN = frozenset(("to", "consent", "hl_ad", "hl_click"))
#: An address that browsers and this program read in the same way. It has no backslash and no control character, because
#: browsers drop these or turn them into slashes. It has no name or password before the host. It is ASCII, because other
#: letters may become dots or slashes of a host.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?(?:[/?#][^\\\x00-\x1f\x7f]*)?",
    re.IGNORECASE | re.ASCII,
)
USUAL_PORTS = {"http": ":80", "https": ":443"}


def is_web_address(url: str) -> bool:
    """Whether a text is an address, of any host, to which a browser can be sent."""
    return len(url) <= MAX_URL and url.lower().startswith(("http://", "https://")) and url.isprintable()


def is_of_site(url: str, domains: Iterable[str]) -> bool:
    """Whether an address is on one of the domains. A domain with a port (`localhost:8000`) means that port; a domain
    without one means the usual port."""
    match = _ADDRESS.fullmatch(url) if len(url) <= MAX_URL else None
    if match is None or is_broken(url):
        return False
    host, port = match["host"].lower(), match["port"] or ""
    names = {host + port, host} if port in ("", USUAL_PORTS[match["scheme"].lower()]) else {host + port}
    return not names.isdisjoint(map(_as_host, domains))


def home_page(domains: Iterable[str]) -> str:
    """The first page of a site; empty if the site has no domain."""
    first = next(iter(domains), "")
    return f"https://{_as_host(first)}/" if first else ""


def _as_host(domain: str) -> str:
    """Write a domain in the form that it has in addresses."""
    try:
        return domain.lower() if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""


def passed_on(query: str) -> list[tuple[str, str]]:
    """Return the parameters of a link that the tracker doesn't read itself, in their order. Raises ValueError if there
    are far too many."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PARAMETERS)
    return [(name, value) for name, value in pairs if name not in OWN]


def with_parameters(page: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Add parameters to a page's address, after its own query and before its fragment, as many as fit."""
    page, hash_mark, fragment = page.partition("#")
    for name, value in pairs:
        added = f"{joint(page)}{urlencode([(name, value)], errors='surrogateescape')}"
        if len(page) + len(added) + len(fragment) > MAX_LANDING:
            break
        page += added
    return f"{page}{hash_mark}{fragment}"
